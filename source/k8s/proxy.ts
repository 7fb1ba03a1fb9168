import net from 'node:net';

/**
 * The proxy that the environment names for this server, read as kubectl (Go's httpproxy) reads it: HTTPS_PROXY or HTTP_PROXY by scheme,
 * upper or lower case, NO_PROXY with domains, addresses, networks and ports; never for this machine itself.
 */
export function proxyFor(server: URL, env: NodeJS.ProcessEnv): string | undefined {
	const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
	const proxy = env[name] || env[name.toLowerCase()];
	if (!proxy || bypasses(server, env.NO_PROXY || env.no_proxy || '')) return undefined;
	const url = proxy.includes('://') ? proxy : `http://${proxy}`;
	return URL.canParse(url) ? url : undefined;
}

function bypasses(server: URL, noProxy: string): boolean {
	const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
	const port = server.port || (server.protocol === 'https:' ? '443' : '80');
	const family = net.isIP(host);
	if (host === 'localhost' || host === '::1' || (family === 4 && host.startsWith('127.'))) return true;
	return noProxy.split(',').some(part => {
		const entry = part.trim().toLowerCase();
		if (entry === '') return false;
		if (entry === '*') return true;
		if (entry.includes('/')) return family !== 0 && inNetwork(host, family, entry);
		const [, bare = '', itsPort] = /^(.*?)(?::(\d+))?$/.exec(net.isIPv6(entry) ? `[${entry}]` : entry) ?? [];
		const name = bare.replace(/^\[|\]$/g, '');
		if (itsPort !== undefined && itsPort !== port) return false;
		if (family !== 0) return name === host;
		if (name.startsWith('*.')) return host.endsWith(name.slice(1));
		return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
	});
}

function inNetwork(host: string, family: number, entry: string): boolean {
	const [address = '', bits] = entry.split('/');
	const itsFamily = net.isIP(address);
	const prefix = Number(bits);
	if (itsFamily !== family || !Number.isInteger(prefix) || prefix < 0 || prefix > (family === 4 ? 32 : 128)) return false;
	const list = new net.BlockList();
	list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
	return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
