/** Finds a page's draft without an answer of the service. */

import type { Stage } from './stage'

/** The page's canonical address, as the service has it: without fragment and tracking parameters. */
export function canonical(page: string): string {
  const url = new URL(page)
  const kept = url.search.slice(1).split('&')
  url.hash = ''
  url.search = kept.filter(pair => !/^(utm_[^=]*|fbclid|gclid|yclid)(=|$)/i.test(pair)).join('&')
  return url.href
}

/** Reports whether this browser keeps a draft of the page. */
export function drafted({ config }: Stage): boolean {
  try {
    return !!localStorage.getItem(`aitys:${config.site}:draft:${canonical(config.page)}`)
  } catch {
    return false
  }
}
