import { expect, test } from 'vitest';
import { Metrics } from '../../../core/kernel/metrics.ts';

test('metrics are told in the Prometheus text format, in the order of their naming', () => {
  const metrics = new Metrics();
  let live = 2;
  metrics.gauge('calls_live', 'Calls that are live.', () => live);
  const ended = metrics.counter('calls_ended_total', 'Calls\nthat ended \\ are over.');
  metrics.counted('packets_total', 'Packets.', () => [
    { labels: { direction: 'in', name: 'a"b\\c\nd' }, value: 3 },
    { labels: {}, value: Number.POSITIVE_INFINITY },
  ]);
  ended.add();
  ended.add(4);
  live = 7;
  expect(metrics.text()).toBe(
    '# HELP calls_live Calls that are live.\n# TYPE calls_live gauge\ncalls_live 7\n' +
      '# HELP calls_ended_total Calls\\nthat ended \\\\ are over.\n# TYPE calls_ended_total counter\ncalls_ended_total 5\n' +
      '# HELP packets_total Packets.\n# TYPE packets_total counter\n' +
      'packets_total{direction="in",name="a\\"b\\\\c\\nd"} 3\npackets_total +Inf\n',
  );
});

test('a metric is named once, with a name', () => {
  const metrics = new Metrics();
  metrics.counter('a', '');
  expect(() => metrics.counter('a', '')).toThrow('the metric a is named once');
  expect(() => metrics.counter('1-a', '')).toThrow('1-a is a metric');
});
