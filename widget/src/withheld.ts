/** The notice in place of a withheld comment: who requested it, under which law, and when. */

import type { Comment } from './client'
import { about, el, icon } from './dom'
import { date } from './i18n'
import type { Stage } from './stage'
import sheet from './withheld.css'
import { withheld as english } from './words/en'

const scales = 'M8 2v12M4.5 14h7M2.5 5h11M2.5 5 1 9.5h3zM13.5 5 12 9.5h3z'

let styles: CSSStyleSheet | null = null

/** Replaces the placeholder of each withheld comment in the thread by its notice. */
export function showNotices(stage: Stage, home = stage.config.base) {
  for (const line of stage.root.querySelectorAll('.text.withheld')) {
    const c = stage.thread.comment(line.closest('article')?.id.slice('aitys-'.length) ?? '')
    if (c) line.replaceWith(notice(stage, c, home))
  }
}

/** Returns the notice, with a link to the transparency page of the service at home. More is a further sentence. */
export function notice(stage: Stage, c: Comment, home: string, more = ''): HTMLElement {
  const t = stage.words?.withheld ?? english
  const { site } = stage.config
  if (!styles) {
    styles = new CSSStyleSheet()
    styles.replaceSync(sheet)
  }
  if (!stage.root.adoptedStyleSheets.includes(styles)) stage.root.adoptedStyleSheets.push(styles)
  const facts: [string, string][] = []
  if (c.withheld) {
    const { by, kind, law, at } = c.withheld
    facts.push([t.by, by || t.who[kind as keyof typeof t.who] || kind])
    if (law) facts.push([t.law, law])
    facts.push([t.at, date(new Date(`${at.slice(0, 10)}T12:00`), stage.t)]) // the day in UTC
  }
  const said = facts.flatMap(([what, value]) => about(`${what}: {value}${value.endsWith('.') ? '' : '.'} `, value))
  const address = `${home}sites/${encodeURIComponent(site)}/transparency?lang=${stage.t.lang}#demands`
  return el(
    'div',
    { class: 'box told' },
    icon(scales),
    el('p', {}, `${t.here} `, ...said, el('a', { href: address }, t.register)),
    more ? el('p', {}, more) : null,
  )
}
