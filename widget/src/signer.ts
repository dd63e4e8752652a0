/** The signed-in commenter, from the service's sign-in window or the site's SSO token. */

import type { Stage } from './stage'
import type { BrowserStorage, Identity } from './storage'

export interface Signer {
  /** The signed-in commenter, or null. */
  who: Identity | null
  /** Stores an identity and uses it. */
  login(who: Identity): void
  /** Exchanges the site's token at once, since it expires within minutes. The identity is kept for this page only. */
  useSSO(): void
  /** Uses the stored identity, which another tab may have changed, or else the one of the site's token. */
  sync(): void
  /** Signs out. */
  logout(): void
}

/** Returns the signer of a form. Calls signedIn after a sign-in in this tab. */
export function signer(stage: Stage, storage: BrowserStorage, form: HTMLFormElement, signedIn: () => void): Signer {
  // The site's last token, and the identity that it was exchanged for.
  let token = ''
  let siteIdentity: Identity | null = null
  const setIdentity = (who: Identity | null) => {
    if (!who && !self.who) return
    self.who = who
    form.classList.toggle('known', who !== null)
    stage.use('who', part => {
      if (self.who === who) part.show(stage, form, who, self.logout)
    })
  }
  const self: Signer = {
    who: null,
    login({ identity, name, badge, expires_at }) {
      const who = { identity, name, badge, expires_at }
      storage.identity = who
      setIdentity(who)
      signedIn()
    },
    useSSO() {
      const { sso = '' } = stage.host.dataset
      if (sso === token) return
      token = sso
      stage.use('who', async part => {
        const identity = sso ? await part.login(stage, sso) : null
        if (sso !== token) return
        siteIdentity = identity
        self.sync()
      })
    },
    sync() {
      setIdentity(storage.identity ?? siteIdentity)
    },
    logout() {
      storage.identity = null
      siteIdentity = null
      setIdentity(null)
    },
  }
  // The service's sign-in window sends an identity.
  addEventListener(
    'message',
    ({ origin, data }) => {
      if (origin === new URL(stage.config.base).origin && data?.aitys === 'identity') self.login(data)
    },
    { signal: stage.gone },
  )
  setIdentity(storage.identity)
  self.useSSO()
  return self
}
