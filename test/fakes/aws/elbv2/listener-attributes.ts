/** Attributes of listeners (API reference, ListenerAttribute). */
import type {
  DescribeListenerAttributesInput,
  ModifyListenerAttributesInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import type { World } from '../core/world.ts';
import {
  type Allowed,
  type Attribute,
  checkAttributes,
  flag,
  initialAttributes,
  listAttributes,
} from './attribute-table.ts';
import { findListener } from './listeners.ts';

const header = /^[ -~]{0,1024}$/;
const both = ['HTTP', 'HTTPS'];

const response = (name: string, values: Allowed = header): Attribute => ({
  key: `routing.http.response.${name}.header_value`,
  on: both,
  initial: '',
  values,
});

const request = (name: string): Attribute => ({
  key: `routing.http.request.${name}.header_name`,
  on: ['HTTPS'],
  values: /^[A-Za-z0-9_-]{1,40}$/,
});

export const listenerAttributes: readonly Attribute[] = [
  { key: 'tcp.idle_timeout.seconds', on: ['TCP', 'GENEVE'], initial: '350', values: { least: 60, most: 6000 } },
  { key: 'routing.http.response.server.enabled', on: both, initial: 'true', values: flag },
  response('strict_transport_security'),
  response('access_control_allow_origin'),
  response('access_control_allow_methods'),
  response('access_control_allow_headers'),
  response('access_control_allow_credentials', ['true', '']),
  response('access_control_expose_headers'),
  response('access_control_max_age', /^\d{0,10}$/),
  response('content_security_policy'),
  response('x_content_type_options', ['nosniff', '']),
  response('x_frame_options', ['DENY', 'SAMEORIGIN', '']),
  request('x_amzn_mtls_clientcert_serial_number'),
  request('x_amzn_mtls_clientcert_issuer'),
  request('x_amzn_mtls_clientcert_subject'),
  request('x_amzn_mtls_clientcert_validity'),
  request('x_amzn_mtls_clientcert_leaf'),
  request('x_amzn_mtls_clientcert'),
  request('x_amzn_tls_version'),
  request('x_amzn_tls_cipher_suite'),
];

export function listenerDefaults(protocol: string): [string, string][] {
  return initialAttributes(listenerAttributes, protocol);
}

export function describeListenerAttributes(world: World, input: Given<DescribeListenerAttributesInput>) {
  return { Attributes: listAttributes(findListener(world, input.ListenerArn).attributes) };
}

export function modifyListenerAttributes(world: World, input: Given<ModifyListenerAttributesInput>) {
  const listener = findListener(world, input.ListenerArn);
  for (const [key, value] of checkAttributes(listenerAttributes, 'Listener', listener.Protocol, input.Attributes)) {
    listener.attributes.set(key, value);
  }
  return { Attributes: listAttributes(listener.attributes) };
}
