// The state of a job is every event so far plus the last ticks: the twin of viralclip/progress.py,
// and both replay the same transcripts.

import type {
  AnomalyFound,
  ClipOutline,
  ClipState,
  ClipTick,
  Envelope,
  JobFinished,
  JobQueued,
  JobTick,
  Notice,
  Progress,
  Reset,
  SceneCompleted,
  SceneOutline,
  SceneState,
  Snapshot,
  Step,
  TickFrame,
  EventFrame,
  Warned,
  WorkerTick,
} from "./api.gen";
import { ENDS, OLD_ROUTES, STEPS } from "./steps.gen";

export type Event = Envelope["event"];
export type ClipProgressed = Extract<Event, { type: "clip_progress" }>;
/** A clip to come; versions before routes said only whether it is analysed. */
type Outlined = Pick<ClipOutline, "style"> & Partial<ClipOutline>;
export type Tick = ClipTick | JobTick | WorkerTick;
export type Frame = Snapshot | Reset | EventFrame | TickFrame;

// What a running job may show at most: 1.0 is said by job_finished alone.
const ALMOST = 0.999;
const KEPT_WARNINGS = 50;
const NO_ETA = { eta_sec: null, eta_low_sec: null, eta_high_sec: null, eta_at: null, eta_low_at: null, eta_high_at: null };

const TYPES: Record<Event["type"], true> = {
  job_queued: true,
  job_started: true,
  scene_started: true,
  clip_progress: true,
  scene_completed: true,
  job_recovered: true,
  warning: true,
  log: true,
  anomaly: true,
  job_finished: true,
};

/** What a scene card is drawn from. */
export interface SceneProgress {
  sceneId: number;
  sceneTitle: string;
  styleCount: number;
  status: SceneState["status"];
  clipsCompleted: number;
  clipsFailed: number;
  currentSteps: Map<string, { step: Step; details?: ClipState["details"] }>;
}

export function sceneProgress(scene: SceneState): SceneProgress {
  return {
    sceneId: scene.scene_id,
    sceneTitle: scene.title,
    styleCount: scene.clips.length,
    status: scene.status,
    clipsCompleted: scene.clips_completed,
    clipsFailed: scene.clips_failed,
    currentSteps: new Map(scene.clips.map((clip) => [clip.style, currentStep(clip)])),
  };
}

function currentStep(clip: ClipState) {
  const named = Object.keys(clip.details).length > 0;
  return named ? { step: clip.step, details: clip.details } : { step: clip.step };
}

export function noProgress(jobId: string): Progress {
  return {
    job_id: jobId,
    seq: 0,
    run: 0,
    status: "queued",
    outcome: null,
    worker: null,
    has_worker: true,
    moved_at: null,
    fraction: 0,
    ...NO_ETA,
    queued_at: null,
    finished_at: null,
    clips_completed: 0,
    clips_failed: 0,
    clips_cancelled: 0,
    clips_total: 0,
    scenes: [],
    warnings: [],
  };
}

/** The progress after one more frame of the live view. */
export function absorb(progress: Progress, frame: Frame): Progress {
  switch (frame.kind) {
    case "snapshot":
    case "reset":
      return filled(frame.progress);
    case "event":
      return advance(progress, frame.envelope);
    case "tick":
      return advance(progress, frame.tick);
    default:
      return unreachable(frame);
  }
}

/** The progress of a server, with what an earlier version did not say yet. */
export function filled(progress: Progress): Progress {
  const scenes = progress.scenes.map((scene) => ({ ...scene, clips: scene.clips.map((clip) => ({ ...waiting(clip), ...clip })) }));
  return { ...noProgress(progress.job_id), ...progress, scenes };
}

/** The progress after one more envelope or tick; an envelope seen before changes nothing. */
export function advance(progress: Progress, item: Envelope | Tick): Progress {
  if ("seq" in item) return item.seq <= progress.seq ? progress : told(progress, item);
  switch (item.type) {
    case "clip_tick":
      return clipTicked(progress, item);
    case "job_tick":
      return jobTicked(progress, item);
    case "worker_tick":
      return workerTicked(progress, item);
    default:
      return unreachable(item);
  }
}

/** The progress after ticks in a row: as one after the other, with one sum at the end. */
export function advanceTicks(progress: Progress, ticks: Tick[]): Progress {
  if (progress.status === "finished") return progress;
  if (ticks.some(({ type }) => type === "worker_tick")) return ticks.reduce(advance, progress);
  const byScene = new Map<number, ClipTick[]>();
  let latest = progress;
  for (const tick of ticks) {
    if (tick.type === "job_tick") latest = jobTicked(latest, tick);
    else if (tick.type === "clip_tick") byScene.get(tick.scene_id)?.push(tick) ?? byScene.set(tick.scene_id, [tick]);
  }
  const scenes = progress.scenes.map((scene) => tickedScene(scene, byScene.get(scene.scene_id), progress.has_worker));
  return { ...latest, scenes, fraction: jobFraction(progress.fraction, scenes) };
}

function tickedScene(scene: SceneState, ticks: ClipTick[] | undefined, hasWorker: boolean): SceneState {
  if (!ticks) return scene;
  const clips = [...scene.clips];
  for (const tick of ticks) {
    const at = clips.findIndex((clip) => clip.style === tick.style);
    const clip = clips[at];
    if (clip && fits(clip, tick)) clips[at] = ticked(clip, tick, hasWorker);
  }
  return withClips(scene, clips);
}

export function hasEnded(clip: ClipState): boolean {
  return ENDS.has(clip.step);
}

/** False for what only a newer version can say: its place counts, its content is skipped. */
export function isKnown(event: Event): boolean {
  return event.type in TYPES && (event.type !== "clip_progress" || event.step in STEPS);
}

/** A case that the compiler proves cannot be; at run time it changes nothing. */
export function unreachable<T>(value: never, otherwise?: T): T {
  return otherwise ?? (value as T);
}

/** Whatever happens is a worker's doing; a tick may be one that a dead worker left. */
function told(progress: Progress, envelope: Envelope): Progress {
  // A worker that took over a job at its very end may still speak; only another run opens it.
  const isOver = progress.status === "finished" && envelope.event.type !== "job_queued";
  if (isOver || !isKnown(envelope.event)) return { ...progress, seq: envelope.seq };
  return { ...happened(progress, envelope), seq: envelope.seq, moved_at: envelope.at, has_worker: true };
}

function happened(progress: Progress, { event, at }: Envelope): Progress {
  switch (event.type) {
    case "job_queued":
      return queued(progress, event, at);
    case "job_started":
      return { ...progress, status: "running", worker: event.worker };
    case "job_recovered":
      return { ...progress, worker: event.to_worker };
    case "scene_started":
      return sceneMarked(progress, event.scene_id, { status: "processing" });
    case "scene_completed":
      return sceneMarked(progress, event.scene_id, sceneEnd(event));
    case "warning":
      return warned(progress, event, at);
    case "anomaly":
      return slowed(progress, event);
    case "log":
      return progress;
    case "job_finished":
      return finished(progress, event, at);
    case "clip_progress":
      return stepped(progress, event, at);
    default:
      return unreachable(event, progress);
  }
}

function queued(progress: Progress, event: JobQueued, at: string): Progress {
  const known = new Map(progress.scenes.map((scene) => [scene.scene_id, scene]));
  for (const outline of event.scenes) {
    known.set(outline.scene_id, outlined(known.get(outline.scene_id), outline));
  }
  const scenes = [...known.values()].sort((a, b) => a.scene_id - b.scene_id);
  const fresh = { ...noProgress(progress.job_id), run: event.run, queued_at: at, scenes };
  return { ...fresh, ...counts(scenes), fraction: jobFraction(0, scenes) };
}

function outlined(scene: SceneState | undefined, outline: SceneOutline): SceneState {
  const clips = new Map(scene?.clips.map((clip) => [clip.style, clip]));
  for (const clip of outline.clips) clips.set(clip.style, waiting(clip));
  const fresh: SceneState = {
    scene_id: outline.scene_id,
    title: outline.title,
    start_sec: outline.start_sec,
    duration_sec: outline.duration_sec,
    status: "pending",
    clips: [],
    clips_completed: 0,
    clips_failed: 0,
    clips_cancelled: 0,
    work_done: 0,
    work_whole: 0,
  };
  return withClips(fresh, [...clips.values()]);
}

function waiting({ style, route, analysed }: Outlined): ClipState {
  return {
    style,
    route: route?.filter((step) => step in STEPS) ?? OLD_ROUTES[analysed ? "analysed" : "plain"],
    analysed: analysed ?? false,
    step: "queued",
    attempt: 1,
    since: null,
    fraction: 0,
    reached: 0,
    step_fraction: null,
    fps: null,
    speed: null,
    eta_sec: null,
    url: null,
    kept: false,
    failure: null,
    cancelled_by: null,
    retry_in_sec: null,
    retry_code: null,
    slow_times: null,
    details: {},
  };
}

function stepped(progress: Progress, event: ClipProgressed, at: string): Progress {
  const place = find(progress, event.scene_id, event.style);
  if (!place || hasEnded(place.clip)) return progress;
  // An ending always counts: whoever says it may not know how often the clip was tried.
  if (event.attempt < place.clip.attempt && !ENDS.has(event.step)) return progress;
  return withClip(progress, place, afterStep(place.clip, event, at));
}

function afterStep(clip: ClipState, event: ClipProgressed, at: string): ClipState {
  const begun = share(event.step, 0, clip.route);
  const fraction = event.attempt > clip.attempt ? begun : Math.max(clip.fraction, begun);
  return {
    ...waiting(clip),
    step: event.step,
    since: at,
    attempt: Math.max(clip.attempt, event.attempt),
    fraction,
    reached: Math.max(clip.reached, fraction),
    details: known(event.details),
    ...facts(clip, event),
  };
}

/** What is null is not known, and is left out. */
function known(details: ClipProgressed["details"]): ClipState["details"] {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null)) as ClipState["details"];
}

/** What a step says beyond its name; a clip that ended short keeps the share it had reached. */
function facts(clip: ClipState, event: ClipProgressed): Partial<ClipState> {
  switch (event.step) {
    case "complete":
      return { url: event.details.url, kept: event.details.kept };
    case "failed":
      return { fraction: clip.fraction, failure: event.details };
    case "cancelled":
      return { fraction: clip.fraction, cancelled_by: event.details.by };
    case "retrying":
      return { retry_in_sec: event.details.delay_sec, retry_code: event.details.code };
    default:
      return {};
  }
}

function clipTicked(progress: Progress, tick: ClipTick): Progress {
  const place = find(progress, tick.scene_id, tick.style);
  if (!place || !fits(place.clip, tick) || progress.status === "finished") return progress;
  return withClip(progress, place, ticked(place.clip, tick, progress.has_worker));
}

function ticked(clip: ClipState, tick: ClipTick, hasWorker: boolean): ClipState {
  const stepFraction = Math.max(clip.step_fraction ?? 0, Math.min(tick.fraction, 1));
  const fraction = Math.max(clip.fraction, share(tick.step, stepFraction, clip.route));
  return {
    ...clip,
    step_fraction: stepFraction,
    fraction,
    reached: Math.max(clip.reached, fraction),
    fps: hasWorker ? (tick.fps ?? null) : null,
    speed: hasWorker ? (tick.speed ?? null) : null,
    eta_sec: hasWorker ? (tick.eta_sec ?? null) : null,
  };
}

function fits(clip: ClipState, tick: ClipTick): boolean {
  return !hasEnded(clip) && clip.step === tick.step && clip.attempt === tick.attempt;
}

function jobTicked(progress: Progress, tick: JobTick): Progress {
  if (progress.status === "finished") return progress;
  const moved = { ...progress, moved_at: tick.at ?? progress.moved_at };
  if (!progress.has_worker) return moved;
  return {
    ...moved,
    eta_sec: tick.eta_sec ?? null,
    eta_low_sec: tick.eta_low_sec ?? null,
    eta_high_sec: tick.eta_high_sec ?? null,
    eta_at: tick.eta_at ?? null,
    eta_low_at: tick.eta_low_at ?? null,
    eta_high_at: tick.eta_high_at ?? null,
  };
}

function workerTicked(progress: Progress, tick: WorkerTick): Progress {
  if (progress.status === "finished" || tick.alive === progress.has_worker) return progress;
  if (tick.alive) return { ...progress, has_worker: true };
  const scenes = progress.scenes.map(standingStill);
  return { ...progress, has_worker: false, scenes, ...NO_ETA };
}

function standingStill(scene: SceneState): SceneState {
  const clips = scene.clips.map((clip) => (hasEnded(clip) ? clip : { ...clip, fps: null, speed: null, eta_sec: null }));
  return { ...scene, clips };
}

function warned(progress: Progress, event: Warned, at: string): Progress {
  const notice: Notice = {
    at,
    code: event.code,
    message: event.message,
    scene_id: event.scene_id ?? null,
    style: event.style ?? null,
  };
  return { ...progress, warnings: [...progress.warnings, notice].slice(-KEPT_WARNINGS) };
}

/** The clip is marked until the step is over: what has ended late is no fault. */
function slowed(progress: Progress, event: AnomalyFound): Progress {
  const place = find(progress, event.scene_id, event.style);
  if (!place || place.clip.step !== event.step) return progress;
  return withClip(progress, place, { ...place.clip, slow_times: event.times ?? null });
}

function sceneEnd(event: SceneCompleted): Partial<SceneState> {
  const { clips_completed, clips_failed, clips_cancelled } = event;
  const status = sceneStatus(clips_completed, clips_failed, clips_cancelled);
  return { clips_completed, clips_failed, clips_cancelled, status };
}

function sceneStatus(completed: number, failed: number, cancelled: number): SceneState["status"] {
  if (!failed && !cancelled) return "completed";
  if (completed) return "partial";
  return failed ? "failed" : "cancelled";
}

function finished(progress: Progress, event: JobFinished, at: string): Progress {
  const madeIt = event.outcome === "succeeded" || event.outcome === "partial";
  return {
    ...progress,
    status: "finished",
    outcome: event.outcome,
    fraction: madeIt ? 1 : progress.fraction,
    ...NO_ETA,
    finished_at: at,
    clips_completed: event.clips_completed,
    clips_failed: event.clips_failed,
    clips_cancelled: event.clips_cancelled,
  };
}

interface Place {
  sceneAt: number;
  clipAt: number;
  clip: ClipState;
}

function find(progress: Progress, sceneId: number, style: string): Place | null {
  const sceneAt = progress.scenes.findIndex((scene) => scene.scene_id === sceneId);
  const clips = progress.scenes[sceneAt]?.clips ?? [];
  const clipAt = clips.findIndex((clip) => clip.style === style);
  const clip = clips[clipAt];
  return clip ? { sceneAt, clipAt, clip } : null;
}

function withClip(progress: Progress, place: Place, clip: ClipState): Progress {
  const scenes = [...progress.scenes];
  const scene = scenes[place.sceneAt] as SceneState;
  scenes[place.sceneAt] = withClips(scene, scene.clips.with(place.clipAt, clip));
  const fraction = jobFraction(progress.fraction, scenes);
  return { ...progress, scenes, fraction, ...(hasEnded(clip) ? counts(scenes) : {}) };
}

function sceneMarked(progress: Progress, sceneId: number, update: Partial<SceneState>): Progress {
  const scenes = progress.scenes.map((scene) =>
    scene.scene_id === sceneId ? { ...scene, ...update } : scene,
  );
  return { ...progress, scenes, ...counts(scenes) };
}

/** The scene with other clips, counted and summed anew: sums that are adjusted would drift. */
function withClips(scene: SceneState, clips: ClipState[]): SceneState {
  let done = 0;
  let whole = 0;
  for (const clip of clips) {
    const weight = millionths(scene.duration_sec * sharesOf(clip.route).whole);
    done += weight * clip.reached;
    whole += weight * (clip.step === "failed" ? clip.reached : 1);
  }
  const ended = (step: Step) => clips.reduce((count, clip) => (clip.step === step ? count + 1 : count), 0);
  return {
    ...scene,
    clips,
    work_done: done,
    work_whole: whole,
    clips_completed: ended("complete"),
    clips_failed: ended("failed"),
    clips_cancelled: ended("cancelled"),
  };
}

function counts(scenes: SceneState[]) {
  const sum = (count: (scene: SceneState) => number) =>
    scenes.reduce((total, scene) => total + count(scene), 0);
  return {
    clips_completed: sum((scene) => scene.clips_completed),
    clips_failed: sum((scene) => scene.clips_failed),
    clips_cancelled: sum((scene) => scene.clips_cancelled),
    clips_total: sum((scene) => scene.clips.length),
  };
}

/** Clips weigh as much as they take; when nothing is complete or goes on, the bar stands still. */
function jobFraction(shown: number, scenes: SceneState[]): number {
  let done = 0;
  let whole = 0;
  let moving = false;
  for (const scene of scenes) {
    done += scene.work_done;
    whole += scene.work_whole;
    moving ||= scene.clips.length > scene.clips_failed + scene.clips_cancelled;
  }
  const reached = moving && whole ? millionths(done / whole) : 0;
  return Math.max(shown, Math.min(reached, ALMOST));
}

function share(step: Step, stepFraction: number, route: Step[]): number {
  if (step === "complete") return 1;
  const { of, whole } = sharesOf(route);
  const { before, within } = of[step];
  return millionths(Math.min((before + within * stepFraction) / whole, 1));
}

/** What lies before each step and in it, and in all: sums that every tick needs. */
interface Shares {
  of: Record<Step, { before: number; within: number }>;
  whole: number;
}

const SHARES = new Map<string, Shares>();

function sharesOf(route: Step[]): Shares {
  const key = route.join();
  const known = SHARES.get(key) ?? addedUp(route);
  SHARES.set(key, known);
  return known;
}

function addedUp(route: Step[]): Shares {
  const shares = (Object.keys(STEPS) as Step[]).map((step) => {
    const before = weight(route.filter((early) => STEPS[early].order < STEPS[step].order));
    return [step, { before, within: route.includes(step) ? STEPS[step].weight : 0 }] as const;
  });
  return { of: Object.fromEntries(shares) as Shares["of"], whole: weight(route) };
}

function weight(steps: Step[]): number {
  return steps.reduce((sum, step) => sum + STEPS[step].weight, 0);
}

function millionths(value: number): number {
  return Math.floor(value * 1e6 + 0.5) / 1e6;
}
