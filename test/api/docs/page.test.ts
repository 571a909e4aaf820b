import { expect, test } from 'vitest';
import { VIEWER_SCRIPT } from '../../../api/docs/viewer-script.ts';
import { simulate } from '../simulated-backend.ts';

test.each(['/docs', '/docs/'])('%s is a page for anybody, and asks for nothing from elsewhere', async (url) => {
  const { server } = await simulate();
  const page = await server.inject(url);
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  const asked = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  expect(asked).toEqual(['/docs/viewer.css', '/openapi.json', '/docs/viewer.js']);
  for (const part of asked) expect((await server.inject(part)).statusCode).toBe(200);
});

test('the page runs no script but its own, and lets itself be framed by nobody', async () => {
  const { server } = await simulate();
  const page = await server.inject('/docs');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(page.body).not.toMatch(/<script>|<style>| on\w+="| style="/);
});

test('the script is one that a browser can read, and never makes elements of text', async () => {
  expect(() => new Function(VIEWER_SCRIPT)).not.toThrow();
  expect(VIEWER_SCRIPT).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:\/\//);
});
