/**
 * Makes a recording of the shop: `node recordings/shop/record.ts --minutes 105 --out recordings/shop.jsonl.gz`.
 * While it runs, the recording is FILE without `.gz`; it is complete up to its last line at any time. Root, for control groups.
 */
import {appendFileSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {gzipSync} from 'node:zlib';
import {serialiseHeader, Writer} from '../../source/recording/format.ts';
import type {Label} from '../../source/scrape.ts';
import {ACTS, type Stage} from './faults.ts';
import {dice} from './random.ts';
import {keyOf, Sampler} from './sampler.ts';
import {customers, type Member, Shop} from './shop.ts';

const {values} = parseArgs({
	options: {
		minutes: {type: 'string', default: '105'},
		out: {type: 'string', default: 'recordings/shop.jsonl.gz'},
		schedule: {type: 'string', default: 'real'},
		warmup: {type: 'string', default: '150'},
		seed: {type: 'string', default: '1'},
	},
});
const INTERVAL_MS = 10_000;
const TITLE = 'A small shop: a leak, a busy loop, more customers, and ordinary days';
const SCHEDULE_MINUTES = 105;
const minutes = positive('minutes');
const warmUpSeconds = positive('warmup');
const seed = positive('seed');
if (values.schedule !== 'real' && values.schedule !== 'compressed') refuse(`--schedule is real or compressed, got ${values.schedule}`);
// A compressed schedule is the whole of it in fewer minutes, for a dry run: shorter, faster, and never calm.
const scale = values.schedule === 'compressed' ? minutes / SCHEDULE_MINUTES : 1;
const isPacked = values.out.endsWith('.gz');
const path = isPacked ? values.out.slice(0, -3) : values.out;

function positive(name: 'minutes' | 'warmup' | 'seed'): number {
	const value = Number(values[name]);
	return value > 0 && Number.isFinite(value) ? value : refuse(`--${name} is a number above 0, got ${values[name]}`);
}

function refuse(reason: string): never {
	console.error(reason);
	process.exit(2);
}

const say = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const shop = new Shop(seed, scale, say);
const sampler = new Sampler(INTERVAL_MS, dice(seed + 1));

const startMs = Math.ceil((Date.now() + warmUpSeconds * 1000) / 1000) * 1000;
const endMs = startMs + minutes * 60_000;
const writer = new Writer(startMs);
// Scrapes of the warm-up are thrown away: the first that is kept has readings of everybody.
let nextScrapeMs = startMs - Math.floor((startMs - Date.now()) / INTERVAL_MS) * INTERVAL_MS;
let isRecording = false;

const append = (line: string): void => {
	if (isRecording) appendFileSync(path, line);
};

let labels = 0;
const open = new Map<string, Label>();
const put = (label: Label): void => append(writer.label(Date.now(), label));
const begin: Stage['begin'] = (kind, of, note) => {
	const label: Label = {id: `${kind}-${++labels}`, kind, of, fromMs: Date.now(), note};
	open.set(label.id, label);
	put(label);
	say(`begins: ${kind} ${of} (${note})`);
	return () => {
		if (!open.delete(label.id)) return;
		put({...label, toMs: Date.now()});
		say(`ends: ${kind} ${of}`);
	};
};

const leaking = new Map<Member, {readonly mibPerMinute: number; kills: number; end: () => void}>();
const LEAK = 'sessions that are never dropped';
shop.watcher = {
	ended: member => {
		const {lastExit} = member.container;
		say(`ended: ${keyOf(member)} ${lastExit ? `${lastExit.reason} ${lastExit.exitCode}` : 'removed'}`);
		leaking.get(member)?.end();
		if (lastExit?.reason !== 'OOMKilled') return;
		const leak = leaking.get(member);
		if (leak && --leak.kills === 0) leaking.delete(member);
		put({
			id: `oom-killed-${++labels}`,
			kind: 'oom-killed',
			of: keyOf(member),
			fromMs: lastExit.atMs,
			toMs: lastExit.atMs + 60_000 * scale,
			note: 'killed by the kernel at its limit',
		});
	},
	restarted: member => {
		const leak = leaking.get(member);
		if (!leak) return;
		member.container.order({type: 'leak', mibPerMinute: leak.mibPerMinute});
		leak.end = begin('memory-leak', keyOf(member), LEAK);
	},
};

const stage: Stage = {
	shop,
	scale,
	key: (workload, replica, container) => keyOf(shop.member(workload, replica, container)),
	begin,
	after: (after, act) => {
		setTimeout(act, after * 60_000 * scale);
	},
	leaks: (workload, replica, mibPerMinute, kills) => {
		const member = shop.member(workload, replica);
		const rate = mibPerMinute / scale;
		member.container.order({type: 'leak', mibPerMinute: rate});
		leaking.set(member, {mibPerMinute: rate, kills, end: begin('memory-leak', keyOf(member), LEAK)});
	},
};

/** Joined by this process too: its clock must not wait for others on a busy machine. */
const leave = shop.hierarchy?.joins.map(file => {
	writeFileSync(file, String(process.pid));
	return file.replace(/\/oddpod-shop-\d+\//, '/');
});

let isOver = false;
async function finish(why: string): Promise<void> {
	if (isOver) return;
	isOver = true;
	clearInterval(timer);
	for (const label of open.values()) put({...label, toMs: Date.now()});
	leave?.forEach(file => {
		writeFileSync(file, String(process.pid));
	});
	await shop.stop();
	if (isRecording && isPacked) {
		writeFileSync(values.out, gzipSync(readFileSync(path), {level: 9}));
		rmSync(path);
	}
	say(`${why}: ${isRecording ? values.out : 'nothing was recorded'}`);
	process.exit(0);
}
process.on('SIGINT', () => finish('interrupted'));
process.on('SIGTERM', () => finish('terminated'));
process.on('SIGHUP', () => {});
process.on('uncaughtException', error => {
	console.error(error);
	shop.kill();
	process.exit(1);
});

shop.start();
say(
	`${shop.members.length} containers, ${shop.hierarchy ? `control groups version ${shop.hierarchy.version}` : 'no control groups'}; recording begins in ${warmUpSeconds} s`,
);
// Many customers at first, so that heaps and compilers have settled before anybody looks.
for (const {name} of customers(scale).targets) {
	shop.load(name, 3);
	setTimeout(() => shop.load(name, 1), warmUpSeconds * 400);
}
const acts = [...ACTS].sort((a, b) => a.atMinute - b.atMinute);

const timer = setInterval(() => {
	const nowMs = Date.now();
	sampler.sample(shop.members, nowMs, nextScrapeMs);
	if (nowMs >= nextScrapeMs) {
		if (!isRecording && nextScrapeMs >= startMs) {
			isRecording = true;
			writeFileSync(
				path,
				serialiseHeader({startedAtMs: startMs, intervalMs: INTERVAL_MS, source: 'shop', title: TITLE, writer: 'recordings/shop', seed}),
			);
			say('recording');
		}
		const scrape = sampler.scrape(shop.members, nowMs);
		// Not even shown to the writer before: it remembers which containers it has told of.
		if (isRecording) append(writer.scrape(scrape));
		nextScrapeMs += INTERVAL_MS;
		if (nextScrapeMs > endMs) void finish('done');
	}
	if (isRecording && !isOver)
		while (acts[0] && nowMs >= startMs + acts[0].atMinute * 60_000 * scale) {
			const act = acts.shift();
			say(`act: ${act?.what}`);
			act?.run(stage);
		}
}, 100);
