/** The counts in the navigation: by view of the list, by view of all sites, and of pending comments by site. */

type Kind = 'count' | 'everywhere' | 'pending'

// They are never in rows. Each is found once, because a search through all rows takes long.
const counts = [...document.querySelectorAll<HTMLElement>('[data-count], [data-everywhere], [data-pending]')]

/** Returns the elements that show a count. The key is a view, or a site for 'pending'. */
export function countsOf(kind: Kind, key: string): HTMLElement[] {
  return counts.filter(count => count.dataset[kind] === key)
}

/** Reports whether the page shows counts of sites. */
export const countsSites = (): boolean => counts.some(count => count.dataset.pending !== undefined)
