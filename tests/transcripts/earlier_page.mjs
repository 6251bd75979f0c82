// The fold of the page as an earlier version had it, as it was: a tab that stays open through an upgrade
// still runs it. Replaced by that of a later version when the one it is from is not supported any more.

const STEPS = {
    queued: { "words": "waiting", "weight": 0.0, "order": 0 },
    extracting_segment: { "words": "cutting out the scene", "weight": 0.01, "order": 1 },
    detecting_faces: { "words": "looking for faces", "weight": 0.12, "order": 2 },
    face_detection_complete: { "words": "faces looked for", "weight": 0.0, "order": 3 },
    computing_camera_path: { "words": "planning the camera", "weight": 0.02, "order": 4 },
    camera_path_complete: { "words": "camera planned", "weight": 0.0, "order": 5 },
    computing_crop_windows: { "words": "framing", "weight": 0.01, "order": 6 },
    rendering: { "words": "rendering", "weight": 0.8, "order": 7 },
    render_complete: { "words": "rendered", "weight": 0.0, "order": 8 },
    uploading: { "words": "storing", "weight": 0.04, "order": 9 },
    upload_complete: { "words": "stored", "weight": 0.01, "order": 10 },
    complete: { "words": "done", "weight": 0.0, "order": 11 },
    failed: { "words": "failed", "weight": 0.0, "order": 0 },
    retrying: { "words": "trying again", "weight": 0.0, "order": 0 },
    cancelled: { "words": "cancelled", "weight": 0.0, "order": 0 },
};
const OLD_ROUTES = {
    plain: ["extracting_segment", "rendering", "uploading", "upload_complete"],
    analysed: ["extracting_segment", "detecting_faces", "computing_camera_path", "computing_crop_windows", "rendering", "uploading", "upload_complete"],
};
const ENDS = new Set(["cancelled", "complete", "failed"]);

const ALMOST = 0.999;
const KEPT_WARNINGS = 50;
const NO_ETA = { eta_sec: null, eta_low_sec: null, eta_high_sec: null, eta_at: null, eta_low_at: null, eta_high_at: null };
const TYPES = {
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
export function sceneProgress(scene) {
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
function currentStep(clip) {
    const named = Object.keys(clip.details).length > 0;
    return named ? { step: clip.step, details: clip.details } : { step: clip.step };
}
export function noProgress(jobId) {
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
export function absorb(progress, frame) {
    switch (frame.kind) {
        case "snapshot":
        case "reset":
            return frame.progress;
        case "event":
            return advance(progress, frame.envelope);
        case "tick":
            return advance(progress, frame.tick);
        default:
            return unreachable(frame);
    }
}
export function advance(progress, item) {
    if ("seq" in item)
        return item.seq <= progress.seq ? progress : told(progress, item);
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
export function advanceTicks(progress, ticks) {
    if (progress.status === "finished")
        return progress;
    if (ticks.some(({ type }) => type === "worker_tick"))
        return ticks.reduce(advance, progress);
    const byScene = new Map();
    let latest = progress;
    for (const tick of ticks) {
        if (tick.type === "job_tick")
            latest = jobTicked(latest, tick);
        else if (tick.type === "clip_tick")
            byScene.get(tick.scene_id)?.push(tick) ?? byScene.set(tick.scene_id, [tick]);
    }
    const scenes = progress.scenes.map((scene) => tickedScene(scene, byScene.get(scene.scene_id), progress.has_worker));
    return { ...latest, scenes, fraction: jobFraction(progress.fraction, scenes) };
}
function tickedScene(scene, ticks, hasWorker) {
    if (!ticks)
        return scene;
    const clips = [...scene.clips];
    for (const tick of ticks) {
        const at = clips.findIndex((clip) => clip.style === tick.style);
        const clip = clips[at];
        if (clip && fits(clip, tick))
            clips[at] = ticked(clip, tick, hasWorker);
    }
    return withClips(scene, clips);
}
export function hasEnded(clip) {
    return ENDS.has(clip.step);
}
export function isKnown(event) {
    return event.type in TYPES && (event.type !== "clip_progress" || event.step in STEPS);
}
export function unreachable(value, otherwise) {
    return otherwise ?? value;
}
function told(progress, envelope) {
    const isOver = progress.status === "finished" && envelope.event.type !== "job_queued";
    if (isOver || !isKnown(envelope.event))
        return { ...progress, seq: envelope.seq };
    return { ...happened(progress, envelope), seq: envelope.seq, moved_at: envelope.at, has_worker: true };
}
function happened(progress, { event, at }) {
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
function queued(progress, event, at) {
    const known = new Map(progress.scenes.map((scene) => [scene.scene_id, scene]));
    for (const outline of event.scenes) {
        known.set(outline.scene_id, outlined(known.get(outline.scene_id), outline));
    }
    const scenes = [...known.values()].sort((a, b) => a.scene_id - b.scene_id);
    const fresh = { ...noProgress(progress.job_id), run: event.run, queued_at: at, scenes };
    return { ...fresh, ...counts(scenes), fraction: jobFraction(0, scenes) };
}
function outlined(scene, outline) {
    const clips = new Map(scene?.clips.map((clip) => [clip.style, clip]));
    for (const clip of outline.clips)
        clips.set(clip.style, waiting(clip));
    const fresh = {
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
function waiting({ style, route, analysed }) {
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
function stepped(progress, event, at) {
    const place = find(progress, event.scene_id, event.style);
    if (!place || hasEnded(place.clip))
        return progress;
    if (event.attempt < place.clip.attempt && !ENDS.has(event.step))
        return progress;
    return withClip(progress, place, afterStep(place.clip, event, at));
}
function afterStep(clip, event, at) {
    const begun = share(event.step, 0, clip.route);
    const fraction = event.attempt > clip.attempt ? begun : Math.max(clip.fraction, begun);
    return {
        ...waiting(clip),
        step: event.step,
        since: at,
        attempt: Math.max(clip.attempt, event.attempt),
        fraction,
        reached: Math.max(clip.reached, fraction),
        details: event.details,
        ...facts(clip, event),
    };
}
function facts(clip, event) {
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
function clipTicked(progress, tick) {
    const place = find(progress, tick.scene_id, tick.style);
    if (!place || !fits(place.clip, tick) || progress.status === "finished")
        return progress;
    return withClip(progress, place, ticked(place.clip, tick, progress.has_worker));
}
function ticked(clip, tick, hasWorker) {
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
function fits(clip, tick) {
    return !hasEnded(clip) && clip.step === tick.step && clip.attempt === tick.attempt;
}
function jobTicked(progress, tick) {
    if (progress.status === "finished")
        return progress;
    const moved = { ...progress, moved_at: tick.at ?? progress.moved_at };
    if (!progress.has_worker)
        return moved;
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
function workerTicked(progress, tick) {
    if (progress.status === "finished" || tick.alive === progress.has_worker)
        return progress;
    if (tick.alive)
        return { ...progress, has_worker: true };
    const scenes = progress.scenes.map(standingStill);
    return { ...progress, has_worker: false, scenes, ...NO_ETA };
}
function standingStill(scene) {
    const clips = scene.clips.map((clip) => (hasEnded(clip) ? clip : { ...clip, fps: null, speed: null, eta_sec: null }));
    return { ...scene, clips };
}
function warned(progress, event, at) {
    const notice = {
        at,
        code: event.code,
        message: event.message,
        scene_id: event.scene_id ?? null,
        style: event.style ?? null,
    };
    return { ...progress, warnings: [...progress.warnings, notice].slice(-KEPT_WARNINGS) };
}
function slowed(progress, event) {
    const place = find(progress, event.scene_id, event.style);
    if (!place || place.clip.step !== event.step)
        return progress;
    return withClip(progress, place, { ...place.clip, slow_times: event.times ?? null });
}
function sceneEnd(event) {
    const { clips_completed, clips_failed, clips_cancelled } = event;
    const status = sceneStatus(clips_completed, clips_failed, clips_cancelled);
    return { clips_completed, clips_failed, clips_cancelled, status };
}
function sceneStatus(completed, failed, cancelled) {
    if (!failed && !cancelled)
        return "completed";
    if (completed)
        return "partial";
    return failed ? "failed" : "cancelled";
}
function finished(progress, event, at) {
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
function find(progress, sceneId, style) {
    const sceneAt = progress.scenes.findIndex((scene) => scene.scene_id === sceneId);
    const clips = progress.scenes[sceneAt]?.clips ?? [];
    const clipAt = clips.findIndex((clip) => clip.style === style);
    const clip = clips[clipAt];
    return clip ? { sceneAt, clipAt, clip } : null;
}
function withClip(progress, place, clip) {
    const scenes = [...progress.scenes];
    const scene = scenes[place.sceneAt];
    scenes[place.sceneAt] = withClips(scene, scene.clips.with(place.clipAt, clip));
    const fraction = jobFraction(progress.fraction, scenes);
    return { ...progress, scenes, fraction, ...(hasEnded(clip) ? counts(scenes) : {}) };
}
function sceneMarked(progress, sceneId, update) {
    const scenes = progress.scenes.map((scene) => scene.scene_id === sceneId ? { ...scene, ...update } : scene);
    return { ...progress, scenes, ...counts(scenes) };
}
function withClips(scene, clips) {
    let done = 0;
    let whole = 0;
    for (const clip of clips) {
        const weight = millionths(scene.duration_sec * sharesOf(clip.route).whole);
        done += weight * clip.reached;
        whole += weight * (clip.step === "failed" ? clip.reached : 1);
    }
    const ended = (step) => clips.reduce((count, clip) => (clip.step === step ? count + 1 : count), 0);
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
function counts(scenes) {
    const sum = (count) => scenes.reduce((total, scene) => total + count(scene), 0);
    return {
        clips_completed: sum((scene) => scene.clips_completed),
        clips_failed: sum((scene) => scene.clips_failed),
        clips_cancelled: sum((scene) => scene.clips_cancelled),
        clips_total: sum((scene) => scene.clips.length),
    };
}
function jobFraction(shown, scenes) {
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
function share(step, stepFraction, route) {
    if (step === "complete")
        return 1;
    const { of, whole } = sharesOf(route);
    const { before, within } = of[step];
    return millionths(Math.min((before + within * stepFraction) / whole, 1));
}
const SHARES = new Map();
function sharesOf(route) {
    const key = route.join();
    const known = SHARES.get(key) ?? addedUp(route);
    SHARES.set(key, known);
    return known;
}
function addedUp(route) {
    const shares = Object.keys(STEPS).map((step) => {
        const before = weight(route.filter((early) => STEPS[early].order < STEPS[step].order));
        return [step, { before, within: route.includes(step) ? STEPS[step].weight : 0 }];
    });
    return { of: Object.fromEntries(shares), whole: weight(route) };
}
function weight(steps) {
    return steps.reduce((sum, step) => sum + STEPS[step].weight, 0);
}
function millionths(value) {
    return Math.floor(value * 1e6 + 0.5) / 1e6;
}
