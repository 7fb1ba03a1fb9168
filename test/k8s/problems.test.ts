import assert from 'node:assert/strict';
import {test} from 'node:test';
import {emptyProblem, ProblemBoard, problemOf} from '../../source/k8s/problems.ts';
import type {Failure} from '../../source/k8s/transport.ts';

const at = {asked: 'metrics', host: '192.168.49.2:8443', context: 'minikube', nowMs: Date.UTC(2026, 10, 24)} as const;
const status = (code: number, message: string, more: Partial<Extract<Failure, {type: 'status'}>> = {}): Failure => ({
	type: 'status',
	status: code,
	message,
	retryAfterMs: 0,
	named: true,
	certificateEndsAtMs: Number.NaN,
	...more,
});
const network = (code: string, message = ''): Failure => ({type: 'network', code, message});

const FORBIDDEN =
	'pods.metrics.k8s.io is forbidden: User "u" cannot list resource "pods" in API group "metrics.k8s.io" at the cluster scope';

test('each failure is told in the words of kubectl, with a cause and a remedy', () => {
	const table: readonly (readonly [Failure, string, string])[] = [
		[status(404, '404 page not found'), 'metrics-not-installed', 'error: Metrics API not available'],
		[
			status(503, 'service unavailable'),
			'metrics-unavailable',
			'Error from server (ServiceUnavailable): the server is currently unable to handle the request (get pods.metrics.k8s.io)',
		],
		[
			status(503, 'error trying to reach service: dial tcp 10.0.0.1:443: connect: connection refused'),
			'metrics-backend',
			'Error from server (ServiceUnavailable): the server is currently unable to handle the request (get pods.metrics.k8s.io)',
		],
		[status(403, FORBIDDEN), 'forbidden-metrics', `Error from server (Forbidden): ${FORBIDDEN}`],
		[
			status(401, 'Unauthorized'),
			'unauthorized',
			'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
		],
		[
			status(401, 'Unauthorized', {certificateEndsAtMs: Date.UTC(2026, 10, 1)}),
			'certificate-expired',
			'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
		],
		[
			status(401, 'Unauthorized', {certificateEndsAtMs: Date.UTC(2030, 0, 1)}),
			'unauthorized',
			'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
		],
		[
			status(429, 'Too many requests, please try again later.', {retryAfterMs: 7000}),
			'throttled',
			'Error from server (TooManyRequests): Too many requests, please try again later.',
		],
		[
			status(504, 'Timeout: request did not complete within the allotted timeout', {reason: 'Timeout'}),
			'metrics-timeout',
			'Error from server (Timeout): Timeout: request did not complete within the allotted timeout (get pods.metrics.k8s.io)',
		],
		[status(400, 'unable to parse requirement'), 'bad-request', 'Error from server (BadRequest): unable to parse requirement'],
		[status(500, 'boom', {reason: 'InternalError'}), 'status-500', 'Error from server (InternalError): boom'],
		[{type: 'timeout', afterMs: 10_000}, 'metrics-timeout', 'Error from server (Timeout): no answer within 10 s (get pods.metrics.k8s.io)'],
		[
			{type: 'malformed', message: 'a web page instead of JSON'},
			'bad-answer',
			'192.168.49.2:8443 answered with a web page instead of JSON (get pods.metrics.k8s.io)',
		],
		[
			{type: 'credentials', message: 'getting credentials: exec: executable aws not found'},
			'credentials',
			'Unable to connect to the server: getting credentials: exec: executable aws not found',
		],
		[
			network('ECONNREFUSED'),
			'unreachable',
			'The connection to the server 192.168.49.2:8443 was refused - did you specify the right host or port?',
		],
		[network('ENOTFOUND'), 'dns', 'Unable to connect to the server: dial tcp: lookup 192.168.49.2: no such host'],
		[network('ETIMEDOUT'), 'unreachable', 'Unable to connect to the server: dial tcp 192.168.49.2:8443: i/o timeout'],
		[network('EHOSTUNREACH'), 'unreachable', 'Unable to connect to the server: dial tcp 192.168.49.2:8443: no route to host'],
		[
			network('SELF_SIGNED_CERT_IN_CHAIN'),
			'tls-authority',
			'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority',
		],
		[
			network('CERT_HAS_EXPIRED'),
			'tls-expired',
			'Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
		],
		[
			network('ERR_TLS_CERT_ALTNAME_INVALID'),
			'tls-name',
			'Unable to connect to the server: tls: failed to verify certificate: x509: certificate is not valid for 192.168.49.2',
		],
		[network('EPROTO', 'wrong version number'), 'tls', 'Unable to connect to the server: http: server gave HTTP response to HTTPS client'],
		[network('ERR_OSSL_PEM_NO_START_LINE', 'no start line'), 'tls', 'Unable to connect to the server: tls: no start line'],
		[
			network('ECONNRESET', 'socket hang up'),
			'connection-lost',
			'Unable to connect to the server: read tcp 192.168.49.2:8443: connection reset by peer',
		],
		[network('unknown', 'Bad response: 407'), 'proxy', 'Unable to connect to the server: proxyconnect tcp: Bad response: 407'],
		[network('ESOMETHING', 'odd'), 'network', 'Unable to connect to the server: odd'],
	];
	for (const [failure, id, what] of table) {
		const problem = problemOf(failure, at);
		assert.deepEqual([problem?.id, problem?.what], [id, what]);
		assert.ok((problem?.why ?? '').length > 10 && (problem?.fix ?? '').length > 3, id);
	}
	assert.equal(problemOf({type: 'aborted'}, at), undefined);
});

test('a 403 is not always about rights', () => {
	const anonymous = FORBIDDEN.replace('"u"', '"system:anonymous"');
	assert.equal(problemOf(status(403, anonymous, {named: false}), at)?.id, 'not-logged-in');
	assert.equal(problemOf(status(403, anonymous), at)?.id, 'aggregation-untrusted');
	assert.equal(
		problemOf(status(403, 'User "viewer" cannot impersonate-on:user-info:list resource "pods"'), at)?.id,
		'forbidden-impersonation',
	);
	const inShop = problemOf(status(403, FORBIDDEN), {...at, namespace: 'shop'});
	assert.equal(inShop?.id, 'forbidden-metrics/shop');
	assert.match(inShop?.fix ?? '', /-n shop/);
});

test('the server is blamed for the server, the metrics for the metrics', () => {
	assert.equal(problemOf({type: 'timeout', afterMs: 10_000}, {...at, registered: false})?.id, 'timeout');
	assert.equal(problemOf({type: 'timeout', afterMs: 10_000}, {...at, asked: 'pods'})?.id, 'timeout');
	assert.equal(problemOf(status(503, 'x'), {...at, asked: 'pods'})?.id, 'status-503');
	assert.equal(problemOf(status(404, 'x'), {...at, asked: 'pods'})?.id, 'status-404');
	assert.match(
		problemOf(status(503, 'service unavailable'), {...at, condition: 'FailedDiscoveryCheck: dial tcp'})?.why ?? '',
		/FailedDiscoveryCheck: dial tcp/,
	);
});

test('an answer without pods has three meanings', () => {
	assert.equal(emptyProblem(undefined, ''), undefined);
	assert.equal(emptyProblem({running: 0, oldestMs: 0, name: ''}, 'shop namespace')?.what, 'No resources found in shop namespace.');
	assert.equal(emptyProblem({running: 3, oldestMs: 60_000, name: 'shop/a'}, '')?.what, 'error: metrics not available yet');
	assert.equal(
		emptyProblem({running: 3, oldestMs: 600_000, name: 'shop/a'}, '')?.what,
		'error: Metrics not available for pod shop/a, age: 10m',
	);
});

test('the board keeps since when, and is the same list while nothing changes', () => {
	const board = new ProblemBoard();
	board.set({id: 'a', what: 'x'}, 1000);
	const list = board.list;
	board.set({id: 'a', what: 'x'}, 2000);
	board.end(id => id === 'b');
	assert.equal(board.list, list);
	board.set({id: 'a', what: 'y'}, 3000);
	assert.deepEqual(board.list, [{id: 'a', what: 'y', sinceMs: 1000}]);
	board.end(() => true);
	assert.deepEqual(board.list, []);
});
