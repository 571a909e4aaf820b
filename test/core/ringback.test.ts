import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import { ringbackOf } from '../../core/calls/ringback.ts';

const HERE = { kind: 'tone', tone: 'ringback' };

test('who calls a number hears the ringback of its country', () => {
  expect(ringbackOf([address('tel', '+442079460000')])).toEqual({ ...HERE, country: 'gb' });
  expect(ringbackOf([address('tel', '+12125550100'), address('tel', '+12125550101')])).toEqual({
    ...HERE,
    country: 'us',
  });
});

test('who calls an extension, a special number or several countries hears the ringback of the installation', () => {
  expect(ringbackOf([address('extension', '1001')])).toEqual(HERE);
  expect(ringbackOf([address('tel', '+899000000101')])).toEqual(HERE);
  expect(ringbackOf([address('tel', '+442079460000'), address('tel', '+4930123456')])).toEqual(HERE);
  expect(ringbackOf([address('tel', '+442079460000'), address('extension', '1001')])).toEqual(HERE);
  expect(ringbackOf([])).toEqual(HERE);
});
