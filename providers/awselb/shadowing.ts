/** Rules that somebody else made at an adopted load balancer and that stand before those of services: what they take never comes to these. Pure. */
import type { ExportedService, Problem, Resource } from '../../src/model/index.ts';
import { conditionsText } from './action-words.ts';
import { takenOf } from './covering.ts';
import { clusterTag } from './names.ts';
import type { Present } from './present.ts';
import { tellSetting } from './tell.ts';

/** Warnings for these services. `resources`: all that is wanted, rules with their ranks. */
export function tellShadows(
  resources: readonly Resource[],
  members: readonly ExportedService[],
  present: Present,
): readonly Problem[] {
  const rules = resources.filter(({ kind }) => kind === 'Rule');
  const theirs = rules.filter(({ sets }) => sets.Tags?.has(clusterTag) !== true);
  if (theirs.length === 0) return [];
  const isTheirs = new Set(theirs);
  return members.flatMap((service) => {
    const found = rules
      .filter((rule) => !isTheirs.has(rule) && rule.serves.includes(service.id))
      .flatMap((rule) => shadowsOf(rule, theirs).map((shadow) => ({ rule, ...shadow })));
    const [first] = found.sort((a, b) => a.taken.localeCompare(b.taken));
    if (first === undefined) return [];
    const { rule, by, taken } = first;
    const [now] = present.of('Rule', by.id);
    const name = `rule ${String(now?.attrs.Priority)} of port ${/\|(\d+)\|/.exec(by.id)?.[1]}`;
    const more = found.length > 1 ? `; so with ${found.length - 1} more` : '';
    const message = `${name}, which somebody else made, is asked first and takes ${taken === 'all' ? 'all' : 'some'} requests for ${conditionsText(rule.attrs.Conditions ?? [])}${more}. What others made keeps its place: where that is not meant, delete it, give it a higher number (aws elbv2 set-rule-priorities), or write it with the same conditions, then it is taken over`;
    return [tellSetting(service, 'W_SHADOWED', ['adopt'], conditionsText(by.attrs.Conditions ?? []), message)];
  });
}

function shadowsOf(rule: Resource, theirs: readonly Resource[]) {
  return theirs.flatMap((by) => {
    if (by.refs.ListenerArn !== rule.refs.ListenerArn || Number(by.attrs.Priority) > Number(rule.attrs.Priority))
      return [];
    const taken = takenOf(by.attrs.Conditions, rule.attrs.Conditions);
    return taken === undefined ? [] : [{ by, taken }];
  });
}
