import { dirname } from 'node:path';
import type { LocatedObject } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import { Remade } from '../../model/remade.ts';
import type { CertRef, ExportedService, ServiceId } from '../../model/service.ts';
import type { Snapshot } from '../../model/source.ts';
import { inTurns, type Turns } from '../../model/turns.ts';
import type { Cidr } from '../../net/index.ts';
import {
  type KubernetesReadOptions,
  ObjectReader,
  readAuthorities,
  readCertificateFacts,
  sha256,
} from '../kubernetes/index.ts';
import { networkOf, sameNetwork } from '../network.ts';
import { CertificateFiles } from './certificate-files.ts';
import { FileTable, type Refreshed, type Writers } from './file-table.ts';
import { FirstSeen } from './first-seen.ts';
import { type GoodFile, LastGood } from './last-good.ts';
import { Objects } from './objects.ts';
import type { FileSourceConfig } from './open-file-source.ts';
import { hashesOf, refsOf } from './refs-of.ts';
import { type InForce, nothingInForce, settle } from './settle.ts';
import { share, shareItems } from './share.ts';
import type { Survey } from './survey.ts';

export interface FileStateOptions {
  readonly config: FileSourceConfig;
  readonly allowed: readonly Cidr[];
  readonly nowMs: () => number;
  readonly groups?: readonly string[];
  readonly kubernetes?: Pick<KubernetesReadOptions, 'classes' | 'watchWithoutClass' | 'controllers'>;
  /** Where last good state is kept. */
  readonly directory?: string;
  /** Where weir keeps its own records: no source, also where it lies in one. */
  readonly stateDir?: string;
  /** What may be done with it now; default keep. */
  readonly memory?: () => 'none' | 'read' | 'keep';
  readonly turns?: Turns;
}

const empty: Snapshot = { services: [], nodes: [], problems: [], incomplete: [], skipped: {} };

/** What a file source knows: files, certificates, services in force. One refresh at a time. */
export class FileState {
  snapshot: Snapshot = empty;
  opened = false;
  private readonly options: FileStateOptions;
  private readonly table: FileTable;
  private readonly certificates: CertificateFiles;
  private readonly objects: Objects;
  private readonly lastGood: LastGood | undefined;
  private readonly firstSeen = new FirstSeen();
  private readonly shared = new Remade<ExportedService, ExportedService>();
  private remembered = new Map<string, GoodFile>();
  private inForce: InForce = nothingInForce;
  private serving: { readonly of: InForce; readonly hashes: ReadonlySet<string> } = {
    of: nothingInForce,
    hashes: new Set(),
  };
  private secrets = new Map<string, string>();
  private saveProblem: Problem | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: FileStateOptions) {
    const { config, directory } = options;
    this.options = options;
    this.certificates = new CertificateFiles(options.nowMs, (hash) => this.serves(hash));
    const { allowed, groups } = options;
    this.objects = new Objects({
      weir: { source: config.name, allowed, certificates: this.certificates },
      certificatesVersion: () => this.certificates.version,
      bcs: { source: config.name, allowed, ...(groups === undefined ? {} : { groups }) },
      kubernetes: new ObjectReader({
        source: config.name,
        ...options.kubernetes,
        allowTargets: config.allowTargets,
        nowMs: options.nowMs(),
        hash: sha256,
        certificate: readCertificateFacts,
        authorities: readAuthorities,
        inService: (hash) => this.serves(hash),
        held: (origin) => this.held(origin),
        heldStaple: (hash) => this.secrets.get(hash) ?? this.rememberedPem(hash),
      }),
    });
    this.lastGood = directory === undefined ? undefined : new LastGood(directory, config.fileBytes * 8 + 1_048_576);
    this.table = new FileTable(config.paths, config.fileBytes, () => performance.now(), {
      text: (path) => this.remembered.get(path)?.text,
      forget: (path) => void this.remembered.delete(path),
      stateDir: options.stateDir,
    });
  }

  /** Brings the snapshot up to date. `changed`: it is another one now. */
  refresh(writers?: Writers, only?: ReadonlySet<string>, seen?: Survey): Promise<Refreshed> {
    const run = async (): Promise<Refreshed> => {
      const first = !this.opened;
      if (first) await this.recall();
      const result = await this.table.refresh(writers, only, seen);
      if (first) this.restoreUnread();
      this.opened = true;
      // Their files are no files of the table: an event at one leads to a look at everything.
      const renewed = only === undefined ? await this.certificates.look() : this.certificates.due();
      if (!first && !result.changed && !renewed) return { ...result, changed: false };
      const before = this.snapshot;
      await inTurns(this.options, this.objects.prepare(this.located()));
      this.rebuild();
      return { ...result, changed: this.snapshot !== before };
    };
    const next = this.queue.then(run, run);
    this.queue = next;
    return next;
  }

  /** A look at all files that changes nothing: to be given to `refresh`. */
  survey(): Promise<Survey> {
    return this.table.survey();
  }

  /** Whether a path is one of the files in force. */
  has(path: string): boolean {
    return this.table.has(path);
  }

  /** Whether an event at a path may be about anything that is read. */
  concerns(path: string): boolean {
    return this.table.concerns(path) || this.certificates.directories().has(dirname(path));
  }

  directories(): ReadonlySet<string> {
    return new Set([...this.table.directories(), ...this.certificates.directories()]);
  }

  secret(hash: string): string | undefined {
    return this.secrets.get(hash) ?? this.certificates.pem(hash);
  }

  /** Keeps what is in force for the next start. Never throws: a full disk is a problem, not an end. */
  async save(): Promise<void> {
    if (this.lastGood === undefined || (this.options.memory?.() ?? 'keep') !== 'keep') return;
    const before = this.saveProblem;
    try {
      await this.lastGood.save(this.goodFiles());
      this.saveProblem = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.saveProblem = {
        code: 'E_STATE_DIR',
        severity: 'error',
        source: this.options.config.name,
        message: `source ${this.options.config.name}: its last good state cannot be kept in ${this.options.directory}: ${reason}; a restart would forget it`,
      };
    }
    if (before?.message !== this.saveProblem?.message) this.rebuild();
  }

  /** Whether a certificate is in service: an expired one stays then. */
  private serves(hash: string): boolean {
    if (this.serving.of !== this.inForce) {
      const hashes = new Set<string>();
      for (const { fronts } of this.inForce.services.values())
        for (const { tls } of fronts) for (const cert of tls?.certs ?? []) hashes.add(cert.sha256);
      this.serving = { of: this.inForce, hashes };
    }
    return this.serving.hashes.has(hash);
  }

  /** The certificate of a Secret that is in service, while its key is at hand. */
  private held(origin: string): CertRef | undefined {
    for (const { fronts } of this.inForce.services.values()) {
      const ref = fronts.flatMap(({ tls }) => tls?.certs ?? []).find((cert) => cert.origin === origin);
      if (ref !== undefined && (this.secrets.has(ref.sha256) || this.rememberedPem(ref.sha256) !== undefined))
        return ref;
    }
    return undefined;
  }

  private async recall(): Promise<void> {
    if (this.options.memory?.() === 'none') return;
    const services = new Map<ServiceId, ExportedService>();
    for (const file of (await this.lastGood?.load()) ?? []) {
      this.remembered.set(file.path, file);
      for (const [key, certificate] of Object.entries(file.certificates)) this.certificates.restore(key, certificate);
      for (const service of file.services) services.set(service.id, service);
    }
    this.inForce = { ...nothingInForce, services };
  }

  /** Files of an earlier run below what cannot be read now stay in force. */
  private restoreUnread(): void {
    for (const { path, text } of this.remembered.values()) {
      const unread = this.table.unread().some((failed) => path === failed || path.startsWith(`${failed}/`));
      if (unread && text !== undefined) this.table.restore(path, text);
    }
  }

  /** All objects of the files in force, in reading order. */
  private located(): readonly LocatedObject[] {
    const objects: LocatedObject[] = [];
    for (const { parsed } of this.table.files())
      if (parsed !== undefined) for (const object of parsed.objects) objects.push(object);
    return objects;
  }

  private rebuild(): void {
    const { config, nowMs } = this.options;
    const read = this.objects.read(this.located(), nowMs());
    const services = this.firstSeen.stamp(read.services, this.inForce.services, nowMs());
    const settled = settle({ ...read, services }, this.inForce, this.shared);
    this.inForce = settled;
    this.keepSecrets(read.secrets);
    const certificateFaults = this.certificates.faults().map(({ path, code, reason }): Problem => {
      const message = `${path} ${reason}; its last good content stays in force`;
      return { code, severity: code === 'W_OCSP' ? 'warning' : 'error', source: path, message, file: path };
    });
    const problems = [
      ...this.table.problems(),
      ...settled.problems,
      ...certificateFaults,
      ...(this.saveProblem === undefined ? [] : [this.saveProblem]),
    ];
    const before = this.snapshot;
    const now: Snapshot = {
      services: shareItems(before.services, [...settled.services.values()]),
      nodes: shareItems(before.nodes, read.nodes),
      ...networkOf({ pools: read.pools, announcements: read.announcements, namespaces: read.namespaces }),
      problems: share(before.problems, problems),
      incomplete: share(before.incomplete, this.table.incomplete(config.name)),
      skipped: share(before.skipped, read.skipped),
    };
    const same =
      now.services === before.services &&
      now.nodes === before.nodes &&
      sameNetwork(now, before) &&
      now.problems === before.problems &&
      now.incomplete === before.incomplete &&
      now.skipped === before.skipped;
    if (!same) this.snapshot = now;
  }

  /** Key material of what is in force, old versions that were kept among it; the rest is forgotten. */
  private keepSecrets(fresh: ReadonlyMap<string, string>): void {
    const used = new Set<string>();
    for (const service of this.inForce.services.values())
      for (const { sha256: hash } of refsOf(service)) used.add(hash);
    const kept = new Map(fresh);
    for (const hash of used) {
      const pem = fresh.get(hash) ?? this.secrets.get(hash) ?? this.rememberedPem(hash);
      if (pem !== undefined) kept.set(hash, pem);
    }
    this.secrets = kept;
    this.certificates.forget(used);
  }

  private rememberedPem(hash: string): string | undefined {
    const files = this.certificates.pem(hash);
    if (files !== undefined) return files;
    for (const { certificates } of this.remembered.values()) {
      for (const { ref, pem } of Object.values(certificates)) if (ref.sha256 === hash) return pem;
    }
    return undefined;
  }

  private goodFiles(): readonly GoodFile[] {
    const services = Map.groupBy(this.inForce.services.values(), (service) => service.origin.file ?? '');
    const kept = [...this.certificates.kept()];
    return this.table.files().map(({ path, text }) => {
      const own = services.get(path) ?? [];
      const content = { path, ...(text === undefined ? {} : { text }), services: own };
      if (own.every((service) => refsOf(service).length === 0)) return { ...content, certificates: {} };
      const used = new Set(own.flatMap(hashesOf));
      const fromFiles = kept.filter(([, { ref }]) => used.has(ref.sha256));
      const named = new Set(fromFiles.map(([, { ref }]) => ref.sha256));
      // Certificates of Secrets, kept by hash: the Secret itself may stand in another file, or be gone.
      const fromSecrets = own
        .flatMap((service) => refsOf(service))
        .flatMap((ref) => {
          const pem = named.has(ref.sha256) ? undefined : this.secrets.get(ref.sha256);
          return pem === undefined ? [] : [[`secret\n${ref.sha256}`, { ref, pem }] as const];
        });
      return { ...content, certificates: Object.fromEntries([...fromFiles, ...fromSecrets]) };
    });
  }
}
