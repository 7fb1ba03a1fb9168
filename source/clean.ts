/** Text from a cluster is foreign: what reaches a screen, a key or a log has passed here. */

/** Controls (C0, C1), formatting and bidirectional marks, separators of lines, and whatever else is drawn as nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** One line without control characters, at most `length` characters. */
export function cleanText(value: unknown, length = 1000): string {
	if (typeof value !== 'string') return '';
	// Cut before and after: a body of megabytes need not be cleaned to its end.
	const text = (value.length > length * 4 ? value.slice(0, length * 4) : value).replace(/[\t\r\n]+/g, ' ').replace(INVISIBLE, '');
	const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text;
	return cut.toWellFormed().trim();
}

/** The same for a name that becomes part of a key: no `/`, at most 253 characters, as the API server allows. */
export function cleanName(value: unknown): string {
	// Nearly all names are plain: test before anything is copied.
	if (typeof value === 'string' && value.length <= 253 && /^[a-z0-9.-]+$/.test(value)) return value;
	return cleanText(value, 253).replaceAll('/', '_');
}
