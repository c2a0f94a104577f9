import { nextWake } from '../../../lib/client/invocation/plan-wake.ts';

const NOW = 1_000_000;
const plan = (wakesOn: boolean, wakes: number[], wanted: number) =>
  nextWake({ wakesOn, wakesMs: wakes.map((wake) => NOW + wake) }, NOW + wanted, NOW);
const sent = (wake: number) => ({ send: NOW + wake });
const under = (...wakes: number[]) => ({ wakesMs: wakes.map((wake) => NOW + wake) });

test.each<[string, ReturnType<typeof plan>, object]>([
  ['the first turns wakes on', plan(false, [], 5000), { turn: 'on', wakesOn: true, ...sent(5000), ...under(5000) }],
  ['a later one does not', plan(true, [3], 1), { wakesOn: true, ...sent(1), ...under(3, 1) }],
  ['one that comes before will do', plan(true, [4000], 5000), { wakesOn: true, ...under(4000) }],
  ['one that is just due too', plan(true, [-100], 5000), { wakesOn: true, ...under(-100) }],
  [
    'an earlier one is sent beside it',
    plan(true, [9000], 5000),
    { wakesOn: true, ...sent(5000), ...under(9000, 5000) },
  ],
  [
    'none is further away than a message can be',
    plan(true, [], 10 ** 9),
    { wakesOn: true, ...sent(900_000), ...under(900_000) },
  ],
  ['what is overdue comes now', plan(true, [], -5000), { wakesOn: true, ...sent(0), ...under(0) }],
  [
    'one that was lost is replaced, and wakes are turned on anew',
    plan(true, [-60_000], 9000),
    { turn: 'on', wakesOn: true, ...sent(9000), ...under(9000) },
  ],
  ['nothing to wait for turns them off', plan(true, [], Infinity), { turn: 'off', wakesOn: false, ...under() }],
  ['not while one is under way', plan(true, [5000], Infinity), { wakesOn: true, ...under(5000) }],
  ['nor when they are off', plan(false, [], Infinity), { wakesOn: false, ...under() }],
])('%s', (_, planned, wanted) => {
  expect(planned).toEqual(wanted);
});
