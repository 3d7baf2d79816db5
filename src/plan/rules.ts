/**
 * The rules of the planner by name. Production holds all of them; the mutants of the property tests give one up each,
 * to prove that the tests would notice.
 */
const names = {
  /** E1: nothing is created or changed before what it refers to exists. */
  referentsFirst: true,
  /** E2: a front turns to something only after that thing's members are in. */
  fillsFirst: true,
  /** E2: and after one of them is ready, when the front has ready targets to lose. */
  gate: true,
  /** E2a: health counts only while a user that stays refers to the object. */
  lastingUser: true,
  /** A new member of a weighted set enters without a share. */
  weightZero: true,
  /** What enters a set is said to be a risk where no gate can stand. */
  risk: true,
  /** What was on its way when it was read may have arrived: it is given up no earlier than what is ready. */
  rising: true,
  /** E3: add before remove. */
  addsFirst: true,
  /** E3: ready members leave after a gate when too few ready ones stay. */
  removeGate: true,
  /** The last ready members go after those who use them have turned away. */
  lastReady: true,
  /** A set is never filled beyond its maximum. */
  max: true,
  /** E4: delete after every user has gone. */
  usersFirst: true,
  /** A front is deleted after the front that takes its place exists. */
  heir: true,
  /** … and is ready. */
  heirGate: true,
  /** … whatever its kind. */
  heirOfAnyKind: true,
  /** E5: create after the dead holder of its slot is deleted. */
  slotWait: true,
  /** A slot that somebody else keeps refuses the create. */
  slotRefusal: true,
  /** E6: a front loses a service only after the service's other fronts exist. */
  otherFronts: true,
  /** … and are ready. */
  otherFrontsGate: true,
  /** … where fronts that do not change count when one of them is ready. */
  calmFronts: true,
  /** E7: what waits for a refused step is refused. */
  refusalsTravel: true,
  /** Rules are brought into their order. */
  order: true,
  /** New rules enter below all others of ours. */
  lowest: true,
  /** Rules rise over others only when they are ready. */
  riseGate: true,
  policy: true,
  ownership: true,
  incomplete: true,
  /** What services may share unseen loses nothing while a source cannot be read. */
  shared: true,
  /** Members of one call are bounded. */
  batch: true,
  /** An object whose immutable fields differ is another generation. */
  fits: true,
  /** An object whose users sit in another scope is another generation. */
  per: true,
  /** Attributes are compared deeply. */
  deep: true,
  /** A condemned generation that still serves follows the wanted members. */
  follow: true,
  /** What has lost its share keeps its connections until they have ended. */
  drained: true,
  /** Interruptions are named. */
  gap: true,
  /** Units with a service, slot, ref or id in common are planned together. */
  joinUnits: true,
};

export type Rule = keyof typeof names;
export type Rules = Readonly<Record<Rule, boolean>>;

export const allRules: Rules = Object.freeze(names);
export const ruleNames: readonly Rule[] = Object.freeze(Object.keys(names).filter(isRule));

export function isRule(name: string): name is Rule {
  return Object.hasOwn(names, name);
}
