/** What is told in the place of a comment that is withheld under a demand: who demands it, by what, and since when. */

import type { Comment } from './client'
import { about, el, icon } from './dom'
import { date } from './i18n'
import type { Stage } from './stage'
import sheet from './withheld.css'
import { withheld as inEnglish } from './words/en'

const scales = 'M8 2v12M4.5 14h7M2.5 5h11M2.5 5 1 9.5h3zM13.5 5 12 9.5h3z'

let styles: CSSStyleSheet | null = null

/** Tells it of each comment of the thread whose place says no more than that it is gone. */
export function tell(stage: Stage, home = stage.config.base) {
  for (const line of stage.root.querySelectorAll('.text.withheld')) {
    const c = stage.thread.comment(line.closest('article')?.id.slice('aitys-'.length) ?? '')
    if (c) line.replaceWith(notice(stage, c, home))
  }
}

/** What is told of the demand, with a link to the register of the service at home, and a sentence more. */
export function notice(stage: Stage, c: Comment, home: string, more = ''): HTMLElement {
  const t = stage.spoken?.withheld ?? inEnglish
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
    facts.push([t.at, date(new Date(`${at.slice(0, 10)}T12:00`), stage.t)]) // the day it was in UTC
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
