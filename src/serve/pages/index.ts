/** The state page: plain HTML that reads without script, one style sheet, one small script. Values become HTML in html.ts only. */
export { loginPage } from './login-page.ts';
export { pageRoutes } from './page-routes.ts';
