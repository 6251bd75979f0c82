// Where in the page we are: the part of the address after #.

export type Route = { view: "jobs" } | { view: "new" } | { view: "job"; jobId: string };

function parse(hash: string): Route {
  const [, view, id] = hash.split("/");
  if (view === "new") return { view: "new" };
  if (view === "jobs" && id) return { view: "job", jobId: decodeURIComponent(id) };
  return { view: "jobs" };
}

/** What to do whenever the place changes. */
export function onLeave(act: () => void): void {
  addEventListener("hashchange", act);
}

export const place = $state<{ route: Route }>({ route: parse(location.hash) });

addEventListener("hashchange", () => {
  place.route = parse(location.hash);
});

export function go(route: Route): void {
  location.hash = route.view === "job" ? `#/jobs/${route.jobId}` : route.view === "new" ? "#/new" : "#/";
}
