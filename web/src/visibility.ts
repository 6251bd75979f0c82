// Which elements are on the screen or near it: one observer for all of them.

const AHEAD = "200px";
const watchers = new WeakMap<Element, (isVisible: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** Calls back whenever the element comes near the screen or leaves it, until the returned function is called. */
export function watchVisibility(element: Element, changed: (isVisible: boolean) => void): () => void {
  observer ??= new IntersectionObserver(notifyAll, { rootMargin: AHEAD });
  watchers.set(element, changed);
  observer.observe(element);
  return () => observer?.unobserve(element);
}

function notifyAll(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) watchers.get(target)?.(isIntersecting);
}
