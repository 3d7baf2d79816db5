/** The services of each balancer, merged once for every provider: who takes a service, who wins a host, path or port, who is told. Pure; knows no provider. */
export * from './age.ts';
export * from './assign.ts';
export * from './merge.ts';
