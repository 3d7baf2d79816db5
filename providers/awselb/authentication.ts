import type { Attrs, ExportedService, Json, Problem } from '../../src/model/index.ts';
import type { Auth, RuleOptions } from './rule-options.ts';
import { backendOptions, type Frame } from './target-group.ts';
import { tell } from './tell.ts';

/** Who may come in is asked before anything else happens. The client secret never stands in the plan: `ClientSecret` says where it is. */
export function authentication(
  service: ExportedService,
  key: string | undefined,
  rule: RuleOptions | undefined,
  { build }: Frame,
): { actions: readonly Json[]; attrs: Attrs } {
  const auth =
    rule?.auth ??
    (key === undefined ? build.settings(service).targetGroup?.auth : backendOptions(service, key, build).options.auth);
  if (auth === undefined || auth.type === 'none') return { actions: [], attrs: {} };
  const common = {
    Scope: auth.scope ?? 'openid',
    SessionCookieName: auth.sessionCookieName ?? 'AWSELBAuthSessionCookie',
    SessionTimeout: auth.sessionTimeoutSeconds ?? 604_800,
    OnUnauthenticatedRequest: auth.onUnauthenticatedRequest ?? 'authenticate',
    ...extraOf(auth),
  };
  if (auth.type === 'cognito') {
    const { userPoolArn, userPoolClientId, userPoolDomain } = auth;
    const config = {
      UserPoolArn: userPoolArn,
      UserPoolClientId: userPoolClientId,
      UserPoolDomain: userPoolDomain,
      ...common,
    };
    return { actions: [{ Type: 'authenticate-cognito', AuthenticateCognitoConfig: config }], attrs: {} };
  }
  const { issuer, authorizationEndpoint, tokenEndpoint, userInfoEndpoint, clientId, clientSecret } = auth;
  const config = {
    Issuer: issuer,
    AuthorizationEndpoint: authorizationEndpoint,
    TokenEndpoint: tokenEndpoint,
    UserInfoEndpoint: userInfoEndpoint,
    ClientId: clientId,
    ...common,
  };
  return {
    actions: [{ Type: 'authenticate-oidc', AuthenticateOidcConfig: config }],
    attrs: { ClientSecret: clientSecret },
  };
}

/** A listener of HTTP asks nobody who they are. */
export function tellOpen(service: ExportedService, port: number): Problem {
  const [, origin] = Object.entries(service.settingsOrigin).find(([key]) => /\.auth(\.|$)/.test(key)) ?? [];
  const message = `only a listener of HTTPS asks who comes in, so at port ${port} everybody is let in without; let it redirect (ssl-redirect), or leave the port out`;
  return tell(service, 'W_FEATURE', origin ?? 'settings.awselb … auth', `port ${port}`, message);
}

function extraOf({ authenticationRequestExtraParams: extra }: Exclude<Auth, { type: 'none' }>): Attrs {
  return extra === undefined || Object.keys(extra).length === 0 ? {} : { AuthenticationRequestExtraParams: extra };
}
