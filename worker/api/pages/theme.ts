import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { themeCookie } from './place.js'

const yearSeconds = 31_536_000

/** `/theme?to=dark&back=/...`: a link, so that it works without script; it leads back to a page of ours and nowhere else. */
export const themeRoute = (): Hono =>
  new Hono().get('/theme', (context) => {
    const { to, back = '/' } = context.req.query()
    if (to === 'light' || to === 'dark')
      setCookie(context, themeCookie, to, { httpOnly: true, sameSite: 'Lax', path: '/', maxAge: yearSeconds })
    // `//host` and `/\host` are addresses of others.
    return context.redirect(/^\/(?![/\\])/.test(back) ? back : '/', 303)
  })
