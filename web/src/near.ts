// Which elements are near the screen: one observer for all of them.

const AHEAD = "200px";
const told = new WeakMap<Element, (isNear: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** Tells whenever the element comes near the screen or leaves it, until the returned function is called. */
export function watchNearness(element: Element, tell: (isNear: boolean) => void): () => void {
  observer ??= new IntersectionObserver(hear, { rootMargin: AHEAD });
  told.set(element, tell);
  observer.observe(element);
  return () => observer?.unobserve(element);
}

function hear(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) told.get(target)?.(isIntersecting);
}
