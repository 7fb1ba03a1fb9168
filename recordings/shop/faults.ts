/** The schedule: what is switched on, when, and what the truth about it is. Minutes of recording time. */
import type {Kind} from '../../source/engine/verdict.ts';
import type {Shop} from './shop.ts';

/** What an act may do: start a label that ends when told, or of itself after a while. */
export interface Stage {
	readonly shop: Shop;
	/** Minutes and rates of a compressed run: 1 in real time. */
	readonly scale: number;
	/** The key of a workload's replica. */
	key(workload: string, replica?: number, container?: string): string;
	/** Says that something begins now; the function that comes back says that it has ended. */
	begin(kind: Kind | 'normal', of: string, note: string): () => void;
	after(minutes: number, act: () => void): void;
	/** The bug in this replica: it leaks from each start on, until the kernel has ended it so many times. */
	leaks(workload: string, replica: number, mibPerMinute: number, kills: number): void;
}

export interface Act {
	readonly atMinute: number;
	readonly what: string;
	run(stage: Stage): void;
}

export const ACTS: readonly Act[] = [
	{
		atMinute: 0,
		what: 'recommendation gateway: a collector that runs every four minutes (from the start)',
		run: stage => {
			stage.begin(
				'normal',
				stage.key('Deployment/recommendation-personalisation-inference-gateway'),
				'saw-tooth: the collector runs every 4 min',
			);
			stage.begin('normal', stage.key('Deployment/thumbnail-renderer'), 'habit: a small batch every 5 min');
		},
	},
	...[4, 19, 34, 51, 64, 79, 94].map(
		(atMinute): Act => ({
			atMinute,
			what: 'nightly-reconciliation-report: a job runs for two to three minutes',
			run: ({shop}) => {
				shop.runJob();
			},
		}),
	),
	{atMinute: 20, what: 'checkout, one replica: memory leak', run: stage => stage.leaks('Deployment/checkout', 1, 4.6, 3)},
	{
		atMinute: 30,
		what: 'frontend, one replica: busy loop for 8 min, up to its quota',
		run: stage => {
			const {container} = stage.shop.member('Deployment/frontend', 3);
			container.order({type: 'busy', share: 1});
			const end = stage.begin('cpu-sustained', stage.key('Deployment/frontend', 3), 'busy loop in one of five replicas');
			stage.after(8, () => {
				container.order({type: 'busy', share: 0});
				end();
			});
		},
	},
	{
		atMinute: 41,
		what: 'three times the customers for 8 min: frontend, checkout, cart',
		run: stage => {
			stage.shop.load('frontend', 3);
			const ends = ['frontend', 'checkout', 'cart'].map(name =>
				stage.begin('load', `shop/Deployment/${name}`, 'three times the requests on all replicas'),
			);
			stage.after(8, () => {
				stage.shop.load('frontend', 1);
				for (const end of ends) end();
			});
		},
	},
	{
		atMinute: 55,
		what: 'thumbnail-renderer: +120 MiB for 90 s, then given back',
		run: stage => {
			stage.shop.member('Deployment/thumbnail-renderer').container.order({type: 'burst', mib: 120, seconds: 90 * stage.scale});
			stage.after(1.5, stage.begin('memory-spike', stage.key('Deployment/thumbnail-renderer'), '120 MiB for 90 s'));
		},
	},
	{
		atMinute: 60,
		what: 'ads: rollout',
		run: stage => {
			const end = stage.begin('normal', 'shop/Deployment/ads', 'rollout: ads:2026.11.1 -> ads:2026.11.2');
			void stage.shop.rollOut('ads', 'registry.example.com/shop/ads:2026.11.2');
			stage.after(5, end);
		},
	},
	{
		atMinute: 66,
		what: 'ledger-0: CPU spike of 2 min',
		run: stage => {
			const {container} = stage.shop.member('StatefulSet/ledger');
			container.order({type: 'busy', share: 0.2});
			const end = stage.begin('cpu-spike', stage.key('StatefulSet/ledger'), 'a fifth of a core for 2 min');
			stage.after(2, () => {
				container.order({type: 'busy', share: 0});
				end();
			});
		},
	},
	{
		atMinute: 72,
		what: 'product-catalog-cache: fills with 80 MiB in 8 min, then stays',
		run: stage => {
			stage.shop.member('Deployment/product-catalog-cache').container.order({type: 'fill', mib: 80, seconds: 480 * stage.scale});
			stage.after(10, stage.begin('normal', stage.key('Deployment/product-catalog-cache'), 'cache fill: fast, slower, then flat'));
		},
	},
	{
		atMinute: 86,
		what: 'payment-notification-worker: hangs for 5 min',
		run: stage => {
			const {container} = stage.shop.member('Deployment/payment-notification-worker');
			container.order({type: 'hang', on: true});
			const end = stage.begin('drop', stage.key('Deployment/payment-notification-worker'), 'hangs: does no work');
			stage.after(5, () => {
				container.order({type: 'hang', on: false});
				end();
			});
		},
	},
	{
		atMinute: 92,
		what: 'frontend: scaled out from 5 to 7 replicas',
		run: stage => {
			stage.shop.scaleOut('frontend', 2);
			stage.after(5, stage.begin('normal', 'shop/Deployment/frontend', 'scale-out: 5 -> 7 replicas'));
		},
	},
];
