import type { FastifyInstance } from 'fastify';
import { VIEWER_SCRIPT } from './viewer-script.ts';
import { VIEWER_STYLE } from './viewer-style.ts';

/** Nothing from anywhere else: the page works without a network, and nobody can slip a script into it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="stylesheet" href="/docs/viewer.css">
<header>
<h1>API</h1>
<label>Access key or token <input id="credential" type="password" autocomplete="off"></label>
<label>Filter <input id="filter" type="search"></label>
<a href="/openapi.json">openapi.json</a>
</header>
<main id="operations">Reading the document of the API …</main>
<script src="/docs/viewer.js"></script>
</html>
`;

const FILES = [
  { url: '/docs', type: 'text/html; charset=utf-8', body: PAGE },
  { url: '/docs/', type: 'text/html; charset=utf-8', body: PAGE },
  { url: '/docs/viewer.js', type: 'text/javascript; charset=utf-8', body: VIEWER_SCRIPT },
  { url: '/docs/viewer.css', type: 'text/css; charset=utf-8', body: VIEWER_STYLE },
];

/** `/docs`: the document of the API for people to read and try. It is part of the code, so every package has it. */
export function docs(app: FastifyInstance): void {
  for (const { url, type, body } of FILES) {
    app.get(url, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .headers({
          'content-type': type,
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .send(body),
    );
  }
}
