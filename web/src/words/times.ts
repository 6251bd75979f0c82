// Times and durations as people read them.

export const MINUTE = 60;
export const HOUR = 3600;

/** A place in a video: 0:05, 1:02.5, 1:02:03. */
export function timecode(seconds: number): string {
  const tenths = Math.round(Math.max(seconds, 0) * 10);
  const whole = Math.floor(tenths / 10);
  return tenths % 10 ? `${clock(whole)}.${tenths % 10}` : clock(whole);
}

/** A place in a video to the tenth, as wide for one as for another: 0:05.0, 1:02.5. */
export function tenths(seconds: number): string {
  const all = Math.round(Math.max(seconds, 0) * 10);
  return `${clock(Math.floor(all / 10))}.${all % 10}`;
}

export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  const [hours, minutes, rest] = [Math.floor(whole / HOUR), Math.floor(whole / MINUTE) % MINUTE, whole % MINUTE];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A measured time: 0.4 s, 12.0 s, 1 min 42 s, 2 h 05 min. */
export function duration(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  if (seconds < MINUTE) return `${(Math.floor(Math.max(seconds, 0) * 10) / 10).toFixed(1)} s`;
  if (seconds < HOUR) return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  return `${Math.floor(whole / HOUR)} h ${two(Math.floor(whole / MINUTE) % MINUTE)} min`;
}

/** How long ago, for lists. */
export function ago(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 90 * MINUTE) return `${Math.max(Math.round(seconds / MINUTE), 1)} min ago`;
  if (seconds < 36 * HOUR) return `${Math.round(seconds / HOUR)} h ago`;
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

export function timeOfDay(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
