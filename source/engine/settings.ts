/** Every number of the engine that somebody may want to change, with its default. What each does to the figures: docs/evaluation.md. */

export type Sensitivity = 'low' | 'normal' | 'high';

export interface Settings {
	/** Samples before a container is judged in full. */
	readonly train: number;
	/** Samples before it is judged provisionally, and at which the provisional baseline is made anew. */
	readonly provisional: readonly number[];
	readonly seed: number;
	/** How large a deviation must be to matter: see {@link SENSITIVITY}. */
	readonly sensitivity: Sensitivity;
	/** Odd readings needed, of one more than that: 2 of the last 3. With samples two minutes apart or more, one is enough. */
	readonly consecutive: number;
	/** Samples of the rolling median. */
	readonly window: number;
	readonly trees: number;
	readonly sampleSize: number;
	readonly depth: number;
	/** Learned samples between two fits. */
	readonly refit: number;
	/** Newest learned rows that make up what is usual. */
	readonly reference: number;
	/** Rows of the long past, and over about how many samples they reach back. */
	readonly longPast: number;
	readonly longPastSamples: number;
	/** Over this stretch the gates relax from fixed minimum effects to the series' own statistics. */
	readonly matureMs: number;
	/** Odd samples after which an episode becomes the new baseline, and quiet ones that end it. */
	readonly standing: number;
	readonly quiet: number;
	/** The learned threshold: mean + deviations, within bounds. */
	readonly thresholdDeviations: number;
	readonly thresholdLow: number;
	readonly thresholdHigh: number;
	/** Forests kept at a time: a forest is a function of a baseline and can be grown again. */
	readonly forests: number;
	/** Containers between two yields of `assess`. */
	readonly slice: number;
}

export const DEFAULTS: Settings = {
	train: 100,
	provisional: [30, 50, 75],
	seed: 1,
	sensitivity: 'normal',
	consecutive: 2,
	window: 31,
	trees: 40,
	sampleSize: 64,
	depth: 6,
	refit: 20,
	reference: 120,
	longPast: 64,
	longPastSamples: 2000,
	matureMs: 2 * 86_400_000,
	standing: 40,
	quiet: 5,
	thresholdDeviations: 3.25,
	thresholdLow: 0.55,
	// A value far out in one metric scores .85 to .9 at most (2^(-1/c(64)) = .91 is all that any value can): .9 would hear nothing more.
	thresholdHigh: 0.8,
	forests: 256,
	slice: 50,
};

/** Factor on every need of the gates. */
export const SENSITIVITY: Readonly<Record<Sensitivity, number>> = {low: 1.5, normal: 1, high: 0.7};

/**
 * Checks what a user can set.
 * @throws {RangeError} naming the setting, the demand and the value.
 */
export function checkSettings(settings: Settings): Settings {
	const demand = (name: keyof Settings, low: number, high: number): void => {
		const value = settings[name];
		if (!Number.isInteger(value) || (value as number) < low || (value as number) > high)
			throw new RangeError(`Expected \`${name}\` to be a whole number from ${low} to ${high}, got ${String(value)}`);
	};
	demand('train', 20, 10_000);
	demand('consecutive', 1, 10);
	demand('window', 5, 99);
	demand('trees', 1, 500);
	demand('sampleSize', 2, 256);
	demand('seed', -(2 ** 31), 2 ** 32 - 1);
	if (!(settings.sensitivity in SENSITIVITY))
		throw new RangeError(`Expected \`sensitivity\` to be low, normal or high, got ${settings.sensitivity}`);
	return settings;
}
