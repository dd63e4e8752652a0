/** What to do when something could not be loaded: for its reader, and, in the console, for who put it on the page. */

import { el, put } from './dom'
import { drafted } from './drafted'
import type { Stage } from './stage'
import { copy, help as inEnglish } from './words/en'

/** Says of a form that could not be loaded that nothing is lost. */
export function kept(stage: Stage, box: HTMLElement) {
  box.firstChild?.after(el('p', {}, ...linked(stage, 'kept')))
}

/** A sentence with a link to the page without script. */
function linked(stage: Stage, sentence: 'kept' | 'retry'): (Node | string)[] {
  const t = stage.spoken?.help ?? inEnglish
  const { base, site, page } = stage.config
  const query = new URLSearchParams({ url: page, lang: stage.t.lang })
  const href = `${base}sites/${encodeURIComponent(site)}/page?${query}`
  return put(t[sentence], el('a', { href }, t.plain))
}

/**
 * Says why no comments came, how else they can be read, and that a draft is kept; where asking again cannot help, it is
 * not offered.
 */
export async function explain(stage: Stage, box: HTMLElement, code: string) {
  if (drafted(stage)) box.querySelector('p')?.after(el('p', {}, (stage.spoken?.copy ?? copy).kept))
  if (!navigator.onLine) return
  if (await helps(stage.config, code)) box.querySelector('p')?.append(' ', ...linked(stage, 'retry'))
  else box.lastChild?.remove()
}

async function helps({ base, site }: Stage['config'], code: string): Promise<boolean> {
  const { origin, hostname } = location
  const warn = (what: string) => console.warn(`aitys: ${what}`)
  if (!site) warn('the script tag needs data-site="KEY". Keys: aitys site list')
  else if (code === 'site.unknown') warn(`${base} has no site "${site}": mend data-site. Keys: aitys site list`)
  else if (code === 'network' && (await refused(base, site))) {
    const twins = /^(localhost|127\.0\.0\.1)$/.test(hostname) ? ' localhost and 127.0.0.1 are two origins.' : ''
    warn(
      origin === 'null'
        ? 'a page that is opened as a file has no comments. Serve it by http.'
        : `${origin} is none of the origins of the site "${site}".${twins} An owner allows it at ` +
            `${base}moderate/${site}/settings; or name all origins: aitys site set ${site} origin=… origin=${origin}`,
    )
  } else {
    warn(`${base} gave no comments (${code}).`)
    return true
  }
  return false
}

/**
 * A page that may not read an answer is still told that there is one. It is the connection that failed where the
 * same page may read another; that is asked with a header, so that a refusal ends before it is counted once more.
 */
async function refused(base: string, site: string): Promise<boolean> {
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
