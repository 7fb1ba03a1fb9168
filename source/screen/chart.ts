/** One container's course as rows of text: its line, the usual band under it, its siblings behind it, the limit above it. */
import asciichart from 'asciichart';
import type {Anomaly, Change, Metric} from '../engine/verdict.ts';
import type {TimeFormat} from '../format.ts';
import {formatCpu, formatMemory} from '../format.ts';
import type {Course} from '../timeline.ts';
import type {Line, Span, Style, Tones} from './theme.ts';
import {fit} from './width.ts';

export interface ChartData {
	readonly metric: Metric;
	readonly own: Course;
	readonly siblings: readonly Course[];
	/** Infinity = none, NaN = unknown. */
	readonly limit: number;
	readonly request: number;
	/** Episodes of this container and metric: bright stretches. */
	readonly anomalies: readonly Anomaly[];
	readonly changes: readonly Change[];
	/** The limit is forecast to be hit: then it is always in the picture. */
	readonly heading: boolean;
	/** Where {@link own}'s time goes on after it. */
	readonly nowMs?: number;
	/** The way to the limit, where it lies within that time. */
	readonly forecast?: {readonly fromMs: number; readonly fromValue: number; readonly atMs: number};
}

/** Cells left of the plot: `512Mi ┤`. */
export const GUTTER = 8;

interface Cell {
	glyph: string;
	style: Style;
	band: boolean;
}

/** `height` rows, the last one the times; each exactly `width` cells. */
export function drawChart(data: ChartData, width: number, height: number, times: TimeFormat, tones: Tones): readonly Line[] {
	const columns = plotColumns(width);
	const rows = Math.max(1, height - 1);
	// Without any number an axis would be invented.
	if (![data.own, ...data.siblings].some(course => valuesOf(course).some(value => !Number.isNaN(value))))
		return inTheMiddle(NO_SAMPLES, width, rows + 1);
	const scale = scaleOf(data, rows);
	const grid: Cell[][] = Array.from({length: rows}, () =>
		Array.from({length: columns}, (): Cell => ({glyph: ' ', style: 'dim', band: false})),
	);
	const rowAt = (value: number): number => Math.round(((scale.high - value) / (scale.high - scale.low)) * (rows - 1));
	const put = (row: number, column: number, glyph: string, style: Style): void => {
		const cell = grid[row]?.[column];
		if (cell) {
			cell.glyph = glyph;
			cell.style = style;
		}
	};
	const putIfFree = (row: number, column: number, glyph: string, style: Style): void => {
		if (grid[row]?.[column]?.glyph === ' ') put(row, column, glyph, style);
	};

	/** On quiet ground: at `from`, or as little to the left of it as need be. */
	const write = (row: number, text: string, from: number, style: Style): void => {
		while (from >= 0 && ![...text].every((_, i) => from + i >= columns || isQuiet(grid[row]?.[from + i]))) from--;
		if (from < 0) return;
		for (const [i, letter] of [...text].entries()) put(row, from + i, letter, style);
	};

	for (let column = 0; column < columns; column++) {
		const low = data.own.low[column] ?? Number.NaN;
		const high = data.own.high[column] ?? Number.NaN;
		if (Number.isNaN(low) || Number.isNaN(high)) continue;
		const last = Math.min(rows - 1, rowAt(low));
		for (let row = Math.max(0, rowAt(high)); row <= last; row++) {
			const cell = grid[row]?.[column];
			if (!cell) continue;
			cell.band = tones === 'tinted';
			// Where nothing can be tinted the band is a field of dots, thin enough to see a line in it.
			if (tones !== 'tinted' && (column + row) % 2 === 0) cell.glyph = '·';
		}
	}
	for (const sibling of data.siblings) {
		drawLine(valuesOf(sibling), rowAt, rows, (row, column, glyph) =>
			put(row, column, tones === 'mono' ? (DOTTED[glyph] ?? glyph) : glyph, 'sibling'),
		);
	}
	const own = valuesOf(data.own);
	drawLine(own, rowAt, rows, (row, column, glyph) => put(row, column, glyph, 'line'));
	colour(grid, data, columns, tones);
	if (data.forecast) drawForecast(data.forecast, data, (value, column) => putIfFree(rowAt(value), column, '·', 'limit'));

	for (const [value, word, style] of [
		[data.request, 'request', 'dim'],
		[data.limit, 'limit', 'limit'],
	] as const) {
		if (!(value <= scale.high && value >= scale.low) || (word === 'request' && (value === 0 || value === data.limit))) continue;
		const row = rowAt(value);
		for (let column = 0; column < columns; column++) putIfFree(row, column, '┈', style);
		if (columns > 3 * word.length) write(row, ` ${word} `, columns - word.length - 1, style);
	}
	if (own.every(Number.isNaN)) {
		const words = ` ${NO_SAMPLES} `;
		write(Math.floor(rows / 2), words, Math.floor((columns + words.length) / 2) - words.length, 'dim');
	}
	const letters = new Map<number, string>();
	for (const change of data.changes) {
		const column = columnAt(change.atMs, data.own);
		if (column < 0 || column >= columns) continue;
		letters.set(column, change.what === 'restart' ? 'restart' : change.what === 'rollout' ? 'rollout' : change.what);
		for (let row = 0; row < rows; row++) if (isQuiet(grid[row]?.[column])) put(row, column, '┊', 'notice');
	}

	const labels = labelRows(scale, rows, data.metric);
	const lines: Line[] = grid.map((cells, row) => [
		{text: `${fit(labels.get(row) ?? '', GUTTER - 2, 'right')} ${labels.has(row) ? '┤' : '│'}`, style: 'dim'},
		...spansOf(cells),
	]);
	lines.push(axis(data, columns, letters, times));
	return lines;
}

const NO_SAMPLES = 'no samples in this time';

const inTheMiddle = (words: string, width: number, height: number): readonly Line[] =>
	Array.from({length: height}, (_, row): Line => {
		const left = Math.max(0, Math.floor((width - words.length) / 2));
		return [{text: fit(row === Math.floor((height - 1) / 2) ? ' '.repeat(left) + words : '', width), style: 'dim'}];
	});

export const plotColumns = (width: number): number => Math.max(1, width - GUTTER);

const isQuiet = (cell: Cell | undefined): boolean => cell !== undefined && (cell.glyph === ' ' || cell.glyph === '┈' || cell.glyph === '·');

const columnAt = (atMs: number, {fromMs, toMs, columns}: Course): number => Math.floor(((atMs - fromMs) / (toMs - fromMs)) * columns);

/** One value a column: what left the usual range where something did, else the middle. Neither spike nor drop disappears, and noise stays small. */
function valuesOf({min, max, low, high, columns}: Course): Float64Array {
	const values = new Float64Array(columns);
	for (let i = 0; i < columns; i++) {
		const least = min[i] ?? Number.NaN;
		const most = max[i] ?? Number.NaN;
		const bottom = low[i] ?? Number.NaN;
		const top = high[i] ?? Number.NaN;
		if (most > top) values[i] = most;
		else if (least < bottom) values[i] = least;
		else if (Number.isNaN(top)) values[i] = most;
		else values[i] = (least + most) / 2;
	}
	return values;
}

/** asciichart's own, but for the axis, of which only the beginning of the line is kept. */
const SYMBOLS: [string, string, string, string, string, string, string, string, string, string] = [
	'─',
	'─',
	'─',
	'─',
	'─',
	'╰',
	'╭',
	'╮',
	'╯',
	'│',
];

/** Where there is no colour, siblings are dotted and what is odd is heavy. */
const DOTTED: Readonly<Record<string, string>> = {'─': '╌', '│': '╎'};
const HEAVY: Readonly<Record<string, string>> = {'─': '━', '│': '┃'};

/** asciichart draws each stretch without a gap; it throws on NaN and scales to what it is given, so it is given rows. */
function drawLine(
	values: Float64Array,
	rowAt: (value: number) => number,
	rows: number,
	put: (row: number, column: number, glyph: string) => void,
): void {
	let from = 0;
	while (from < values.length) {
		if (Number.isNaN(values[from] ?? Number.NaN)) {
			from++;
			continue;
		}
		let to = from;
		while (to < values.length && !Number.isNaN(values[to] ?? Number.NaN)) to++;
		const levels = Array.from(values.subarray(from, to), value => rows - 1 - Math.max(0, Math.min(rows - 1, rowAt(value))));
		const drawn =
			rows === 1
				? ['─'.repeat(levels.length)]
				: asciichart.plot(levels, {min: 0, max: rows - 1, height: rows - 1, offset: 1, format: () => ' ', symbols: SYMBOLS}).split('\n');
		for (const [row, text] of drawn.entries()) {
			for (let i = 0; i < text.length; i++) {
				const glyph = text.charAt(i);
				// Column 0 is asciichart's axis: only where the line starts does it belong to the line.
				if (glyph === ' ' || (i === 0 && row !== rows - 1 - (levels[0] ?? 0))) continue;
				put(row, from + i, glyph);
			}
		}
		from = to;
	}
}

/** Dots on the straight way from the last value to the limit. */
function drawForecast(
	{fromMs, fromValue, atMs}: NonNullable<ChartData['forecast']>,
	{own, limit}: ChartData,
	dot: (value: number, column: number) => void,
): void {
	const from = columnAt(fromMs, own) + 1;
	const to = Math.min(own.columns - 1, columnAt(atMs, own));
	for (let column = from; column <= to; column++) dot(fromValue + ((limit - fromValue) * (column - from + 1)) / (to - from + 1), column);
}

/** Bright where an anomaly goes on, faint where nothing was known yet. */
function colour(grid: Cell[][], {own, anomalies}: ChartData, columns: number, tones: Tones): void {
	const styles: (Style | undefined)[] = Array.from({length: columns});
	for (let column = 0; column < columns; column++) {
		if (Number.isNaN(own.high[column] ?? Number.NaN)) styles[column] = 'learning';
	}
	const rank: Partial<Record<Style, number>> = {notice: 1, warning: 2, critical: 3};
	for (const {startedAtMs, ended, severity, recurring} of anomalies) {
		if (recurring) continue;
		const from = Math.max(0, columnAt(startedAtMs, own));
		const to = Math.min(columns - 1, ended ? columnAt(ended.atMs, own) : columns - 1);
		for (let column = from; column <= to; column++) {
			const there = styles[column];
			if ((there === undefined ? 0 : (rank[there] ?? 0)) < (rank[severity] ?? 0)) styles[column] = severity;
		}
	}
	for (const cells of grid) {
		for (let column = 0; column < cells.length; column++) {
			const cell = cells[column];
			if (cell?.style !== 'line') continue;
			cell.style = styles[column] ?? 'line';
			if (tones === 'mono' && rank[cell.style] !== undefined) cell.glyph = HEAVY[cell.glyph] ?? cell.glyph;
		}
	}
}

interface Scale {
	readonly low: number;
	readonly high: number;
	readonly step: number;
	readonly rowsPerStep: number;
}

/** Here each of them has to count. */
const FEW_ROWS = 8;

function scaleOf({metric, own, siblings, limit, heading, forecast}: ChartData, rows: number): Scale {
	let low = Number.POSITIVE_INFINITY;
	let high = Number.NEGATIVE_INFINITY;
	const take = (values: Float64Array): void => {
		for (const value of values) {
			if (value < low) low = value;
			if (value > high) high = value;
		}
	};
	for (const course of [own, ...siblings]) {
		take(course.min);
		take(course.max);
	}
	take(own.high);
	take(own.low);
	const floor = metric === 'cpu' ? 10 : 4 * 2 ** 20;
	if (!(high >= low)) return fitScale(0, floor, rows, metric);
	// In a low picture the limit far above would leave no room for the course itself; the caption tells it.
	if (Number.isFinite(limit) && limit > high && (forecast || high > limit * (rows < FEW_ROWS ? 0.75 : heading ? 0.2 : 0.55))) high = limit;
	// CPU is read from zero; memory too, unless that would flatten its course, where it is the slope that matters or where rows are few.
	let bottom = metric === 'cpu' || (low < 0.4 * high && !heading && rows >= FEW_ROWS) ? 0 : low;
	if (bottom > 0 && high - bottom < 0.2 * high) {
		const middle = (high + bottom) / 2;
		bottom = Math.max(0, middle - 0.1 * high);
		high = Math.max(high, middle + 0.1 * high);
	}
	high = Math.max(high, bottom + floor);
	return fitScale(bottom, high, rows, metric);
}

/** A label stands exactly on its row: of the steps that are round numbers, a few rows apart, the one that leaves least room above. */
function fitScale(bottom: number, top: number, rows: number, metric: Metric): Scale {
	if (rows < 3) return {low: bottom, high: top, step: top - bottom, rowsPerStep: Math.max(1, rows - 1)};
	let best: Scale | undefined;
	let least = Number.POSITIVE_INFINITY;
	for (const rowsPerStep of rows < FEW_ROWS ? [1, 2, 3] : rows < 14 ? [2, 3, 4] : [3, 4, 5]) {
		if (rowsPerStep > rows - 1) continue;
		const steps = (rows - 1) / rowsPerStep;
		for (let step = niceStep((top - bottom) / steps, metric), n = 0; n < 3; step = niceStep(step * 1.01, metric), n++) {
			const low = Math.floor(bottom / step) * step;
			const high = low + steps * step;
			// What ends at a line, as at the limit, should not do so beside a label of another value.
			const cost = (high - low) * (Number.isInteger(((top - low) / step) * rowsPerStep) ? 1 : rows < FEW_ROWS ? 1.4 : 1.1);
			if (high < top || cost > least * 0.99) continue;
			least = cost;
			best = {low, high, step, rowsPerStep};
		}
	}
	return best ?? {low: bottom, high: top, step: top - bottom, rowsPerStep: rows - 1};
}

/** 1, 2, 5, 10, … millicores; 1, 2, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, … Mi: steps that make round labels. */
function niceStep(least: number, metric: Metric): number {
	const [base, unit, factors] = metric === 'cpu' ? ([10, 0, [1, 2, 5]] as const) : ([2, 2 ** 20, [1, 1.25, 1.5]] as const);
	const power = base ** Math.floor(Math.log(least) / Math.log(base) + 1e-9);
	const isRound = (step: number): boolean => unit === 0 || Number.isInteger(step / unit) || Number.isInteger(unit / step);
	const found = factors.map(factor => factor * power).find(step => step >= least * (1 - 1e-9) && isRound(step));
	return Math.max(found ?? base * power, unit / 4);
}

function labelRows({low, step, rowsPerStep}: Scale, rows: number, metric: Metric): ReadonlyMap<number, string> {
	const labels = new Map<number, string>();
	for (let n = 0; n * rowsPerStep < rows; n++) {
		const value = low + n * step;
		labels.set(rows - 1 - n * rowsPerStep, value === 0 ? '0' : metric === 'cpu' ? formatCpu(value) : formatMemory(value));
	}
	return labels;
}

/** Times at start, middle and end, with what changed between them; before a limit that comes, the present and when it comes. */
function axis({own, nowMs, forecast}: ChartData, columns: number, changes: ReadonlyMap<number, string>, times: TimeFormat): Line {
	const {fromMs, toMs} = own;
	const cells = Array.from({length: columns}, () => ' ');
	const styles: Style[] = Array.from({length: columns}, () => 'dim');
	const write = (text: string, at: number, style: Style): boolean => {
		if (text.length > columns) return false;
		const from = Math.max(0, Math.min(columns - text.length, at));
		for (let i = -1; i <= text.length; i++) if ((cells[from + i] ?? ' ') !== ' ') return false;
		for (const [i, letter] of [...text].entries()) {
			cells[from + i] = letter;
			styles[from + i] = style;
		}
		return true;
	};
	if (toMs > fromMs) {
		const near = (ms: number): string => times.near(ms, toMs);
		if (forecast) {
			const hit = `~${near(forecast.atMs)}`;
			write(hit, columnAt(forecast.atMs, own) - Math.floor(hit.length / 2), 'limit');
		}
		if (nowMs === undefined) write(near(toMs), columns, 'dim');
		else write('now', columnAt(nowMs, own) - 1, 'dim');
		for (const [column, word] of changes) {
			// Under its line, or beside the time that stands there.
			const under = column - Math.floor(word.length / 2);
			const found = [0, 1, 2, 3, 4, 5, 6, 7, 8].some(left => write(word, under - left, 'notice'));
			if (!found) write(word.charAt(0).toUpperCase(), column, 'notice');
		}
		write(near(fromMs), 0, 'dim');
		if (columns >= 30 && nowMs === undefined) {
			const middle = near((fromMs + toMs) / 2);
			write(middle, Math.floor(columns / 2 - middle.length / 2), 'dim');
		}
	}
	const spans: Span[] = [{text: ' '.repeat(GUTTER)}];
	for (const [i, text] of cells.entries()) spans.push({text, style: styles[i] ?? 'dim'});
	return merge(spans);
}

function spansOf(cells: readonly Cell[]): Span[] {
	return merge(cells.map(({glyph, style, band}) => ({text: glyph, style, ...(band && {on: 'band' as const})})));
}

/** Neighbours that look alike as one. */
export function merge(spans: readonly Span[]): Span[] {
	const merged: Span[] = [];
	let last: {-readonly [key in keyof Span]: Span[key]} | undefined;
	for (const span of spans) {
		const isAlike =
			last?.on === span.on &&
			(last?.style === span.style || (span.text.trim() === '' && span.style !== 'badge' && last?.style !== 'badge'));
		if (last && isAlike) last.text += span.text;
		else {
			last = {...span};
			merged.push(last);
		}
	}
	return merged;
}

/** What stands in the frame above a chart: value, usual range, limit. */
export function chartCaption(metric: Metric, value: number, low: number, high: number, limit: number): readonly string[] {
	const show = metric === 'cpu' ? formatCpu : formatMemory;
	return [
		Number.isNaN(value) ? '' : show(value),
		Number.isNaN(low) ? '' : `usual ${range(low, high, show)}`,
		Number.isNaN(limit) ? '' : limit === Number.POSITIVE_INFINITY ? 'no limit' : `limit ${show(limit)}`,
	];
}

/** As many of them as fit; the limit goes first. */
export function fitCaption(parts: readonly string[], width: number): string {
	for (let n = parts.length; n > 0; n--) {
		const text = parts
			.slice(0, n)
			.filter(part => part !== '')
			.join(', ');
		if (text.length <= width) return text;
	}
	return '';
}

/** `30-90m`: the unit once where both have the same. */
function range(low: number, high: number, show: (value: number) => string): string {
	const [from, to] = [show(low), show(high)];
	const unit = /[A-Za-z]+$/.exec(to)?.[0] ?? '';
	return unit !== '' && from.endsWith(unit) ? `${from.slice(0, -unit.length)}-${to}` : `${from}-${to}`;
}
