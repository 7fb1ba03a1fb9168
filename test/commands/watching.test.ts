// Other namespaces and contexts while one is watched, on an API server, without the screen.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import {openLive} from '../../source/commands/live.ts';
import {type LiveProps, Watching} from '../../source/commands/watching.ts';
import {checkFlags, type Flags} from '../../source/flags.ts';
import {SmallCluster} from '../e2e/small-cluster.ts';

class Session {
	props: LiveProps;
	readonly #watching: Watching;

	static async start({kubeconfig}: SmallCluster, flags: Partial<Flags> = {}, patienceMs = 20_000): Promise<Session> {
		const all = {...checkFlags('watch', {}), kubeconfig, ...flags};
		return new Session(await Watching.begin(await openLive(all, true), all, patienceMs));
	}

	private constructor(watching: Watching) {
		this.#watching = watching;
		this.props = watching.props;
		watching.follow(props => {
			this.props = props;
		});
	}

	async goTo(to: Parameters<NonNullable<LiveProps['goTo']>>[0]): Promise<string | undefined> {
		return this.props.goTo?.(to);
	}

	/** Resolves once these pods have samples. */
	async pods(...names: readonly string[]): Promise<void> {
		const {timeline} = this.props;
		const there = (): boolean => {
			const sampled = new Set([...timeline.at(timeline.endMs).rows].filter(row => !Number.isNaN(row.sampledAtMs)).map(({of}) => of.pod));
			return names.every(name => sampled.has(name));
		};
		while (!there())
			await new Promise<void>(resolve => {
				const unsubscribe = timeline.subscribe(() => {
					unsubscribe();
					resolve();
				});
			});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#watching.end();
	}
}

const start = async (): Promise<SmallCluster> => {
	const cluster = await SmallCluster.start();
	process.env.XDG_STATE_HOME = cluster.folder;
	return cluster;
};

test('the context that is watched already stays as it is', {timeout: 30_000}, async () => {
	await using cluster = await start();
	await using session = await Session.start(cluster);
	await session.pods('cart-0', 'checkout-0');
	const asked = cluster.server.requests.length;
	assert.equal(await session.goTo({context: 'lab'}), undefined);
	assert.equal(session.props.namespaceLabel, 'shop');
	assert.equal(cluster.server.requests.slice(asked).filter(({path}) => path === '/api/v1/pods').length, 0);
});

test('of two commands at once the newer one is obeyed, and the older one says so', {timeout: 30_000}, async () => {
	await using cluster = await start();
	await using session = await Session.start(cluster);
	await session.pods('cart-0');
	const [older, newer] = await Promise.all([session.goTo({namespaces: ['payments']}), session.goTo({namespaces: []})]);
	assert.deepEqual([older, newer], ['Meanwhile another command was given', undefined]);
	assert.equal(session.props.namespaceLabel, 'all namespaces');
	await session.pods('cart-0', 'ledger-0');
});

test('the log tells how well the feed of the present is heard, and rests elsewhere', {timeout: 30_000}, async () => {
	await using cluster = await start();
	const log = path.join(cluster.folder, 'log');
	{
		await using session = await Session.start(cluster, {log});
		await session.pods('cart-0');
		assert.equal(await session.goTo({namespaces: []}), undefined);
		await session.pods('ledger-0');
		assert.equal(session.props.source.resting, undefined);
		assert.equal(await session.goTo({context: 'prod'}), undefined);
		assert.equal(session.props.source.resting, 'log of lab rests');
		assert.equal(await session.goTo({context: 'lab', namespaces: ['shop', 'payments']}), undefined);
		assert.equal(session.props.source.resting, undefined);
		await session.pods('cart-0', 'ledger-0');
	}
	const [, lists] = /health: .*?(\d+) lists and/.exec(readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '') ?? [];
	assert.equal(lists, '2', 'one of each of the two namespaces that are read at last');
});

test('a context whose pods are told but whose samples do not come is not gone to', {timeout: 30_000}, async () => {
	await using cluster = await start();
	cluster.server.on(({path}) => (/metrics.*\/payments\/pods$/.test(path) ? 'hang' : undefined));
	await using session = await Session.start(cluster, {}, 3000);
	await session.pods('cart-0');
	assert.equal(await session.goTo({context: 'prod'}), 'prod gave no samples within 3 s');
	assert.equal(session.props.source.label, 'lab');
	assert.equal(session.props.source.problem?.(), undefined);
});
