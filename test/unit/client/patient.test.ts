import { patient } from '../../../lib/client/patient.ts';
import { lightRequest, lightResponse } from '../../../lib/runtime/light-response.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

function ask(...answers: Response[]) {
  const clock = fakeClock();
  let asked = 0;
  const transport = patient(async () => answers[Math.min(asked++, answers.length - 1)]!, {
    clock,
    random: seededRandom(1),
  });
  const answer = transport(lightRequest({ method: 'GET', url: 'http://apiserver/api' }));
  return { clock, answer, asked: () => asked };
}

test('asks again what was refused as too much, no sooner than it is told to', async () => {
  const { clock, answer, asked } = ask(lightResponse(429, { 'retry-after': '3' }), lightResponse(200, {}));
  await settle();
  await clock.advance(2900);
  expect(asked()).toBe(1);
  await clock.advance(1700);
  expect((await answer).status).toBe(200);
});

test('a gateway that says nothing of a time is asked again soon, but not for ever', async () => {
  const { clock, answer, asked } = ask(lightResponse(429, {}));
  for (let second = 0; second < 60; second++) await clock.advance(1000);
  expect((await answer).status).toBe(429);
  expect(asked()).toBe(5);
});

test.each([
  ['an ordinary answer', 200],
  ['a conflict', 409],
  ['a failure that says nothing of a time', 503],
])('%s is the answer', async (_, status) => {
  const { answer, asked } = ask(lightResponse(status, {}));
  expect((await answer).status).toBe(status);
  expect(asked()).toBe(1);
});
