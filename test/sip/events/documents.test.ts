import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dialogInfo, messageSummary, presence, type Sight } from '../../../sip/events/documents.ts';

const HOSTILE = 'a"><b>&amp;\u0000\u0007\ud800]]>\ufffe😀';
const SIGHT: Sight = {
  user: `10"<&`,
  host: 'example.com',
  version: 3,
  isRegistered: true,
  messages: { unheard: 2, heard: 1 },
  dialogs: [
    {
      id: 'leg1',
      callId: HOSTILE,
      localTag: 'theirs',
      remoteTag: HOSTILE,
      phase: 'confirmed',
      direction: 'recipient',
      remoteUser: HOSTILE,
      remoteName: HOSTILE,
    },
  ],
};

/** What a strict reader of XML finds at this path; an error when the text is none. */
function read(text: string, path: string): string {
  const script = `import sys,xml.etree.ElementTree as T
r=T.fromstring(sys.stdin.buffer.read())
e=r.find(sys.argv[1]) if '/' in sys.argv[1] or sys.argv[1]!='.' else r
print(e.text or '', *[k+'='+v for k,v in e.attrib.items()], sep='|')`;
  const { stdout, stderr, status } = spawnSync('python3', ['-c', script, path], { input: text });
  if (status !== 0) throw new Error(`${stderr}\n${text}`);
  return stdout.toString();
}

test('names that peers choose stay text in a dialog document', () => {
  const text = dialogInfo(SIGHT);
  expect(read(text, '{urn:ietf:params:xml:ns:dialog-info}dialog')).toContain('call-id=a"><b>&amp;   ]]> 😀');
  expect(read(text, '{*}dialog/{*}remote/{*}identity')).toContain('display=a"><b>&amp;');
  expect(read(text, '{*}dialog/{*}state')).toBe('confirmed|\n'.replace('|', ''));
});

test('and in one of presence, which says that somebody talks', () => {
  const text = presence(SIGHT);
  expect(read(text, '{urn:ietf:params:xml:ns:pidf}tuple/{*}status/{*}basic')).toBe('open\n');
  expect(text).toContain('<rpid:on-the-phone/>');
  expect(presence({ ...SIGHT, dialogs: [], isRegistered: false })).not.toContain('on-the-phone');
});

test('waiting messages are counted, new ones before old ones', () => {
  expect(messageSummary({ ...SIGHT, user: '1000' })).toBe(
    'Messages-Waiting: yes\r\nMessage-Account: sip:1000@example.com\r\nVoice-Message: 2/1 (0/0)\r\n',
  );
});
