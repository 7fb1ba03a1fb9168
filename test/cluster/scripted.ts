/** Containers of scripted programs, for templates of workloads. */
import {MIB, ScriptedProgram, type Shape} from './program.ts';
import type {ContainerTemplate} from './workload.ts';

let seed = 1;
/** They were there before we came. */
const AGE_MS = 3_600_000;

export interface Scripted extends ContainerTemplate {
	/** Its programs in the order in which they were started, for a test that wants to give one another shape. */
	readonly programs: ScriptedProgram[];
}

/** Without requests and limits. */
export function unlimited(name: string, image: string, shape: (replica: number) => Shape): Scripted {
	const programs: ScriptedProgram[] = [];
	return {
		name,
		image,
		programs,
		program(replica) {
			const program = new ScriptedProgram({shape: shape(replica), seed: seed++, ageMs: AGE_MS});
			programs.push(program);
			return program;
		},
	};
}

/** With limits, and requests of half of them. */
export function limited(
	name: string,
	image: string,
	cpuLimitMillicores: number,
	memoryLimitMib: number,
	shape: (replica: number) => Shape,
	restart: 'always' | 'never' = 'always',
): Scripted {
	const programs: ScriptedProgram[] = [];
	const memoryLimitBytes = memoryLimitMib * MIB;
	return {
		name,
		image,
		cpuLimitMillicores,
		cpuRequestMillicores: cpuLimitMillicores / 2,
		memoryLimitBytes,
		memoryRequestBytes: memoryLimitBytes / 2,
		programs,
		program(replica) {
			const program = new ScriptedProgram({
				shape: shape(replica),
				seed: seed++,
				memoryLimitBytes,
				restart,
				...(restart === 'always' && {ageMs: AGE_MS}),
			});
			programs.push(program);
			return program;
		},
	};
}
