/** Names from a cluster or a file are hostile until they went through here: no control character, no bidi override, no end. */
export function clean(text: string, maxLength = 253): string {
	const cleaned = text
		.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu, '\ufffd')
		.toWellFormed();
	return cleaned.length <= maxLength ? cleaned : `${cleaned.slice(0, maxLength - 1).toWellFormed()}…`;
}
