import type {Problem} from '../scrape.ts';
import type {Failure} from './transport.ts';

/**
 * What went wrong, in kubectl's words (kubectl 1.32: pkg/cmd/util/helpers.go, pkg/cmd/top/top_pod.go), why it probably did,
 * and what mends it.
 */

export type Asked = 'metrics' | 'pods' | 'nodes' | 'namespaces' | 'server';

export interface Circumstances {
	readonly asked: Asked;
	readonly host: string;
	readonly context: string;
	readonly nowMs: number;
	/** Is metrics.k8s.io registered, as far as discovery told? */
	readonly registered?: boolean;
	readonly namespace?: string;
	/** From the APIService, where it may be read. */
	readonly condition?: string;
	/** Does a proxy stand between? */
	readonly proxied?: boolean;
}

const MINIKUBE = 'minikube addons enable metrics-server';
const INSTALL = `${MINIKUBE}, or kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml`;
const LOOK = 'kubectl get apiservice v1beta1.metrics.k8s.io; kubectl -n kube-system logs deploy/metrics-server';

const RESOURCE: Readonly<Record<Asked, string>> = {
	metrics: 'pods.metrics.k8s.io',
	pods: 'pods',
	nodes: 'nodes',
	namespaces: 'namespaces',
	server: 'the server',
};
const SUBJECT: Readonly<Record<Asked, string>> = {
	metrics: 'pods.metrics.k8s.io',
	pods: 'pods',
	nodes: 'nodes',
	namespaces: 'namespaces',
	server: 'version',
};

/** Undefined where nothing failed but somebody stopped it. */
export function problemOf(failure: Failure, at: Circumstances): Problem | undefined {
	switch (failure.type) {
		case 'aborted':
			return undefined;
		case 'credentials':
			return {
				id: 'credentials',
				what: `Unable to connect to the server: ${failure.message}`,
				why: 'What the kubeconfig names to log in with did not work.',
				fix: failure.hint ?? 'kubectl config view --minify',
			};
		case 'timeout':
			return at.asked === 'metrics' && at.registered !== false
				? {
						id: 'metrics-timeout',
						what: `Error from server (Timeout): no answer within ${Math.round(failure.afterMs / 1000)} s (get pods.metrics.k8s.io)`,
						why: 'The metrics server, or the way to it, hangs.',
						fix: LOOK,
					}
				: {
						id: 'timeout',
						what: `Unable to connect to the server: no answer from ${at.host} within ${Math.round(failure.afterMs / 1000)} s (get ${SUBJECT[at.asked]})`,
						why: 'The network drops packets, a VPN is down, or the server is overloaded.',
						fix: 'kubectl version --request-timeout=10s',
					};
		case 'malformed':
			return {
				id: 'bad-answer',
				what: `${at.host} answered with ${failure.message} (get ${SUBJECT[at.asked]})`,
				why: 'A proxy or login page stands between, the body was cut on its way, or this is no API server.',
				fix: 'kubectl get --raw /version',
			};
		case 'network':
			return network(failure.code, failure.message, at);
		case 'status':
			return status(failure, at);
	}
}

function network(code: string, message: string, at: Circumstances): Problem {
	const unable = (id: string, said: string, why: string, fix: string): Problem => ({
		id,
		what: `Unable to connect to the server: ${said}`,
		why,
		fix,
	});
	switch (code) {
		case 'ECONNREFUSED':
			if (at.proxied === true) {
				const [address = 'the proxy'] = /\S+:\d+$/.exec(message) ?? [];
				return unable(
					'proxy',
					`proxyconnect tcp: dial tcp ${address}: connect: connection refused`,
					'No proxy listens where proxy-url or HTTPS_PROXY says.',
					`NO_PROXY=${hostOnly(at.host)}, or mend the proxy's address`,
				);
			}
			return {
				id: 'unreachable',
				what: `The connection to the server ${at.host} was refused - did you specify the right host or port?`,
				why: 'Nothing listens there: the cluster is stopped, or a tunnel is closed.',
				fix: 'minikube start, or kubectl cluster-info',
			};
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return unable(
				'dns',
				`dial tcp: lookup ${hostOnly(at.host)}: no such host`,
				'The name does not resolve from here: a VPN is down, or the cluster is gone.',
				'kubectl config view --minify',
			);
		case 'ETIMEDOUT':
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
			return unable(
				'unreachable',
				`dial tcp ${at.host}: ${code === 'ETIMEDOUT' ? 'i/o timeout' : 'no route to host'}`,
				'The network does not lead there: a VPN is down.',
				'kubectl cluster-info',
			);
		case 'CERT_HAS_EXPIRED':
			return unable(
				'tls-expired',
				'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
				"The server's certificate ran out, or this machine's clock is wrong.",
				'kubeadm certs check-expiration; date',
			);
		case 'CERT_NOT_YET_VALID':
			return unable(
				'tls-expired',
				'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
				"This machine's clock is behind, or the certificate is of the future.",
				'date',
			);
		case 'ERR_TLS_CERT_ALTNAME_INVALID':
			return unable(
				'tls-name',
				`tls: failed to verify certificate: x509: certificate is not valid for ${hostOnly(at.host)}`,
				'The server is reached by a name or address that its certificate does not hold.',
				'kubectl config set-cluster NAME --tls-server-name=NAME-IN-THE-CERTIFICATE',
			);
		case 'SELF_SIGNED_CERT_IN_CHAIN':
		case 'DEPTH_ZERO_SELF_SIGNED_CERT':
		case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
		case 'UNABLE_TO_GET_ISSUER_CERT':
		case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
		case 'CERT_SIGNATURE_FAILURE':
			return unable(
				'tls-authority',
				'tls: failed to verify certificate: x509: certificate signed by unknown authority',
				'The kubeconfig holds the CA of another cluster (it was made anew?), or a proxy opens TLS.',
				'minikube update-context, or fetch the kubeconfig again',
			);
		case 'EPROTO':
		case 'ERR_SSL_WRONG_VERSION_NUMBER':
			return unable(
				'tls',
				/wrong version|http request/i.test(message) ? 'http: server gave HTTP response to HTTPS client' : 'tls: handshake failure',
				'What listens there does not speak TLS as expected.',
				'kubectl config view --minify',
			);
		case 'ECONNRESET':
		case 'EPIPE':
		case 'ECONNABORTED':
		case 'ERR_STREAM_PREMATURE_CLOSE':
		case 'Z_BUF_ERROR':
			return unable(
				'connection-lost',
				`read tcp ${at.host}: connection reset by peer`,
				'The server, a load balancer or a proxy cut the connection; it is opened again.',
				'kubectl get --raw /readyz',
			);
		default:
			// OpenSSL says it in many words, all of them about certificates or keys.
			return /^ERR_(SSL|OSSL|TLS)/.test(code)
				? unable(
						'tls',
						`tls: ${message}`,
						'The certificate or key in the kubeconfig cannot be used, or the server refuses it.',
						'kubectl config view --minify',
					)
				: /^Bad response: \d+$|^Socks/.test(message)
					? unable(
							'proxy',
							`proxyconnect tcp: ${message}`,
							'The proxy (proxy-url, HTTPS_PROXY) refuses to connect.',
							`NO_PROXY=${hostOnly(at.host)}`,
						)
					: unable('network', message === '' ? code : message, 'The connection failed.', 'kubectl cluster-info');
	}
}

const hostOnly = (host: string): string => host.replace(/:\d+$/, '');

function status(failure: Extract<Failure, {type: 'status'}>, at: Circumstances): Problem {
	const {message, status: code} = failure;
	const metrics = at.asked === 'metrics';
	const from = (reason: string, said = message) => `Error from server${reason === '' ? '' : ` (${reason})`}: ${said}`;
	switch (code) {
		case 401:
			if (failure.certificateEndsAtMs < at.nowMs) {
				return {
					id: 'certificate-expired',
					what: 'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
					why: `The client certificate in the kubeconfig ran out on ${new Date(failure.certificateEndsAtMs).toISOString().slice(0, 10)}.`,
					fix: 'kubeadm certs renew, minikube start, or fetch the kubeconfig again',
				};
			}
			return {
				id: 'unauthorized',
				what: 'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
				why: 'The token or certificate is expired, or of another cluster; it was read again, to no avail.',
				fix: 'kubectl auth whoami, or log in again',
			};
		case 403:
			return forbidden(failure, at);
		case 404:
			if (!metrics) break;
			return {
				id: 'metrics-not-installed',
				what: 'error: Metrics API not available',
				why: 'No metrics server is installed in this cluster.',
				fix: INSTALL,
			};
		case 429:
			return {
				id: 'throttled',
				what: from('TooManyRequests', message || 'the server has received too many requests and has asked us to try again later'),
				why: `The API server is overloaded; it is asked again ${failure.retryAfterMs > 0 ? `in ${Math.ceil(failure.retryAfterMs / 1000)} s, as it wishes` : 'later'}.`,
				fix: 'kubectl get --raw /readyz?verbose',
			};
		case 503:
			if (!metrics) break;
			return {
				id: message.startsWith('error trying to reach service') ? 'metrics-backend' : 'metrics-unavailable',
				what: from('ServiceUnavailable', `the server is currently unable to handle the request (get ${RESOURCE.metrics})`),
				why: `The metrics server is registered but does not answer: ${at.condition ?? (message || 'no reason given')}.`,
				fix: `${LOOK} (kind, kubeadm: it may need --kubelet-insecure-tls)`,
			};
		case 504:
			return {
				id: metrics ? 'metrics-timeout' : 'timeout',
				what: from('Timeout', `${message || 'the server did not answer in time'} (get ${SUBJECT[at.asked]})`),
				why: metrics ? 'The metrics server, or the way to it, hangs.' : 'The API server is overloaded, or its storage is slow.',
				fix: metrics ? LOOK : 'kubectl get --raw /readyz?verbose',
			};
		case 400:
		case 422:
			return {
				id: 'bad-request',
				what: from('BadRequest'),
				why: 'The server does not understand the request: most often the selector.',
				fix: "-l takes what kubectl takes: 'app=web,tier!=test'",
			};
	}
	return {
		id: `status-${code}`,
		what: from(
			failure.reason ?? (code === 404 ? 'NotFound' : code === 503 ? 'ServiceUnavailable' : `HTTP ${code}`),
			message || `status ${code}`,
		),
		why: 'The API server, or a proxy before it, is not in order.',
		fix: 'kubectl get --raw /readyz?verbose',
	};
}

function forbidden(failure: Extract<Failure, {type: 'status'}>, at: Circumstances): Problem {
	const {message} = failure;
	const what = `Error from server (Forbidden): ${message}`;
	const anonymous = message.includes('"system:anonymous"');
	if (anonymous && failure.named) {
		// Basic authentication is ignored altogether; else the user is known to the API server but not to what stands behind it.
		return {
			id: 'aggregation-untrusted',
			what,
			why: 'Credentials were sent, yet the metrics server saw nobody: it does not trust the API server to name users (front-proxy CA), or it has just started; basic auth is ignored by API servers.',
			fix: 'kubectl -n kube-system get configmap extension-apiserver-authentication; kubectl -n kube-system rollout restart deploy/metrics-server',
		};
	}
	if (anonymous) {
		return {
			id: 'not-logged-in',
			what,
			why: 'The kubeconfig names no credentials for this context, so the server sees nobody.',
			fix: `kubectl config view --minify --context '${at.context}'`,
		};
	}
	if (/cannot impersonate/.test(message)) {
		return {
			id: 'forbidden-impersonation',
			what,
			why: 'This user may not act as the one named by --as.',
			fix: 'kubectl auth can-i impersonate users',
		};
	}
	const scope = at.namespace === undefined ? '--all-namespaces' : `-n ${at.namespace}`;
	return {
		id: `forbidden-${at.asked}${at.namespace === undefined ? '' : `/${at.namespace}`}`,
		what,
		why:
			at.asked === 'metrics'
				? 'This user may not read metrics there.'
				: at.asked === 'pods'
					? 'This user may not read pods there: limits, owners and restarts are not known.'
					: `This user may not read ${at.asked}.`,
		fix:
			`kubectl auth can-i list ${RESOURCE[at.asked]} ${at.asked === 'metrics' || at.asked === 'pods' ? scope : ''}`.trim() +
			'; the rights it takes stand in docs/rbac.yaml',
	};
}

/** An answer without pods: kubectl's three cases, told apart by the pods where they may be read. */
export function emptyProblem(
	pods: {readonly running: number; readonly oldestMs: number; readonly name: string} | undefined,
	where: string,
): Problem | undefined {
	if (pods === undefined) return undefined;
	if (pods.running === 0) {
		return {
			id: 'no-pods',
			what: `No resources found${where === '' ? '' : ` in ${where}`}.`,
			why: 'No pod runs there.',
			fix: 'kubectl get namespaces; -A watches all that may be read',
		};
	}
	if (pods.oldestMs < 2 * 60_000) {
		return {
			id: 'metrics-warming-up',
			what: 'error: metrics not available yet',
			why: 'The pods, or the metrics server, started less than two minutes ago: a first sample takes two scrapes.',
			fix: 'wait a minute',
		};
	}
	return {
		id: 'metrics-empty',
		what: `error: Metrics not available for pod ${pods.name}, age: ${Math.round(pods.oldestMs / 60_000)}m`,
		why: 'The metrics server answers but has no samples: it does not reach the kubelets, or it has just started.',
		fix: `${LOOK} (kind, kubeadm: it may need --kubelet-insecure-tls)`,
	};
}

/** The problems that hold now. Keeps since when; the list is the same object while nothing changes. */
export class ProblemBoard {
	#problems = new Map<string, Problem>();
	#list: readonly Problem[] = [];

	set(problem: Problem, nowMs: number): void {
		const old = this.#problems.get(problem.id);
		if (old !== undefined && old.what === problem.what && old.why === problem.why && old.fix === problem.fix) return;
		this.#problems.set(problem.id, {...problem, sinceMs: old?.sinceMs ?? problem.sinceMs ?? nowMs});
		this.#list = [...this.#problems.values()];
	}

	/** Ends those that the test names. */
	end(ended: (id: string) => boolean): void {
		let any = false;
		for (const id of [...this.#problems.keys()]) if (ended(id)) any = this.#problems.delete(id) || any;
		if (any) this.#list = [...this.#problems.values()];
	}

	get list(): readonly Problem[] {
		return this.#list;
	}
}
