/** Explains loading failures: to the reader in the widget, and to the site's developer in the console. */

import { el, put } from './dom'
import { hasDraft } from './draft'
import type { Stage } from './stage'
import { copy, help as english } from './words/en'

/** Adds to the alert of a missing form that the text is kept, with a link to the page without script. */
export function hint(stage: Stage, box: HTMLElement) {
  box.firstChild?.after(el('p', {}, ...withLink(stage, 'kept')))
}

/** Returns a sentence with a link to the page without script. */
function withLink(stage: Stage, sentence: 'kept' | 'retry'): (Node | string)[] {
  const t = stage.words?.help ?? english
  const { base, site, page } = stage.config
  const query = new URLSearchParams({ url: page, lang: stage.t.lang })
  const href = `${base}sites/${encodeURIComponent(site)}/page?${query}`
  return put(t[sentence], el('a', { href }, t.plain))
}

/**
 * Explains why comments could not be loaded, where else to read them, and that a draft is kept. Removes the button to
 * retry if a retry cannot help.
 */
export async function explain(stage: Stage, box: HTMLElement, code: string) {
  if (hasDraft(stage)) box.querySelector('p')?.after(el('p', {}, (stage.words?.copy ?? copy).kept))
  if (!navigator.onLine) return
  if (await mayRetry(stage.config, code)) box.querySelector('p')?.append(' ', ...withLink(stage, 'retry'))
  else box.lastChild?.remove()
}

async function mayRetry({ base, site }: Stage['config'], code: string): Promise<boolean> {
  const { origin, hostname } = location
  const warn = (what: string) => console.warn(`aitys: ${what}`)
  if (!site) warn('the script tag needs data-site="KEY". Keys: aitys site list')
  else if (code === 'site.unknown') warn(`${base} has no site "${site}": mend data-site. Keys: aitys site list`)
  else if (code === 'network' && (await originRefused(base, site))) {
    const note = /^(localhost|127\.0\.0\.1)$/.test(hostname) ? ' localhost and 127.0.0.1 are two origins.' : ''
    warn(
      origin === 'null'
        ? 'a page that is opened as a file has no comments. Serve it by http.'
        : `${origin} is none of the origins of the site "${site}".${note} An owner allows it at ` +
            `${base}moderate/${site}/settings; or name all origins: aitys site set ${site} origin=… origin=${origin}`,
    )
  } else {
    warn(`${base} gave no comments (${code}).`)
    return true
  }
  return false
}

/**
 * Reports whether the service refuses this page's origin. If an opaque request succeeds and a CORS request fails, the
 * origin is refused, not the connection broken. The CORS request has a header that needs a preflight, so that a refused
 * one is not counted again.
 */
async function originRefused(base: string, site: string): Promise<boolean> {
  const answers = (url: string, init: RequestInit) =>
    fetch(base + url, init).then(
      () => true,
      () => false,
    )
  const form = `api/v1/sites/${encodeURIComponent(site)}/form`
  return (
    !(await answers(form, { credentials: 'omit', headers: { 'Idempotency-Key': 'why' } })) &&
    answers('healthz', { mode: 'no-cors' })
  )
}
