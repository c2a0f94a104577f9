import { execFileSync } from 'node:child_process';
import { completion } from '../../../bin/commands/completion.ts';
import { program } from '../../../bin/commands/program.ts';

const root = program({ version: '0.1.0' } as never);

/** What bash offers after these words. */
function complete(...words: string[]): string[] {
  const script = `${completion('bash', root)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_zeroplane; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

test('bash completes commands, their commands and their options', () => {
  expect(complete('zeroplane', '')).toEqual(expect.arrayContaining(['up', 'down', 'status', 'image', 'completion']));
  expect(complete('zeroplane', 'st')).toEqual(['status']);
  expect(complete('zeroplane', 'image', 'l')).toEqual(['load', 'list']);
  expect(complete('zeroplane', 'access', '')).toEqual(['grant', 'revoke', 'list']);
  expect(complete('zeroplane', 'token', '--c')).toEqual(['--cluster']);
  expect(complete('zeroplane', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(complete('zeroplane', 'up', '--pod')).toEqual(['--pod-cidr']);
});

test('zsh takes bash’s, fish has lines of its own', () => {
  expect(completion('zsh', root)).toMatch(/^autoload -U \+X bashcompinit/);
  const fish = completion('fish', root);
  expect(fish).toContain("complete -c zeroplane -n '__fish_use_subcommand' -a up\n");
  expect(fish).toContain("-n '__fish_seen_subcommand_from image; and __fish_seen_subcommand_from load'");
});
