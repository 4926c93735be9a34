import { expect, test } from 'vitest';
import { EventReader } from './events';

const stream = ': hello\n\nevent: text\ndata: {"text":"In "}\n\nevent: text\ndata: {"text":"短"}\n\nevent: summary\ndata: {}\n\n';

test('events are whole wherever the stream was cut', () => {
  const whole = new EventReader().push(stream);
  expect(whole.map(({ name }) => name)).toEqual(['text', 'text', 'summary']);
  expect(JSON.parse(whole[1]!.data)).toEqual({ text: '短' });
  for (let cut = 1; cut < stream.length; cut += 1) {
    const reader = new EventReader();
    expect([...reader.push(stream.slice(0, cut)), ...reader.push(stream.slice(cut))]).toEqual(whole);
  }
});

test('lines that end in the way of Windows, and data of several lines', () => {
  expect(new EventReader().push('event:a\r\ndata: 1\r\ndata: 2\r\n\r\n')).toEqual([{ name: 'a', data: '1\n2' }]);
});

test('what never ends is no event and is not kept for ever', () => {
  const reader = new EventReader();
  for (let part = 0; part < 30; part += 1) expect(reader.push('x'.repeat(100_000))).toEqual([]);
  expect(reader.push('\n\ndata: 1\n\n')).toEqual([{ name: 'message', data: '1' }]);
});
