/** Why no comments came, for whoever put them on the page: one line in the console. Loaded where loading failed. */

export interface Asked {
  base: string
  site: string
}

/** Says what to do, and returns whether asking again can help. */
export async function explain({ base, site }: Asked, code: string): Promise<boolean> {
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
