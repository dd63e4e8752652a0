/** The elements that show counts: of views in the list's head and tabs, of views of all sites and of sites in the rail. */

type Kind = 'count' | 'everywhere' | 'pending'

// Looked up once, because a document search visits all rows, and no row contains a count.
const counts = [...document.querySelectorAll<HTMLElement>('[data-count], [data-everywhere], [data-pending]')]

/** Returns the elements that show a count. The key is a view, or a site for 'pending'. */
export function countsOf(kind: Kind, key: string): HTMLElement[] {
  return counts.filter(count => count.dataset[kind] === key)
}

/** Reports whether the page shows pending comments by site. */
export const hasSiteCounts = (): boolean => counts.some(count => count.dataset.pending !== undefined)
