{{/* What weir asks the API server for, and nothing else; test/e2e/kube-deploy-rights.test.ts holds it against the server's audit log. */}}

{{/* In each namespace that is read. */}}
{{- define "weir.rulesOfNamespaces" -}}
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [list, watch]
{{- if .Values.rbac.secrets }}
# One by one, those that services name; without `list` RBAC lets nobody watch one.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch]
{{- end }}
{{- if include "weir.hasAwselb" . }}
- apiGroups: [elbv2.k8s.aws]
  resources: [targetgroupbindings]
  verbs: [list, watch]
{{- end }}
{{- if include "weir.writesStatus" . }}
# Addresses and conditions.
- apiGroups: [""]
  resources: [services/status]
  verbs: [patch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch]
{{- if and (dig "status" "poolAnnotation" false .Values.settings) (not (and (include "weir.hasAwselb" .) (dig "status" "finalizers" true .Values.settings))) }}
# An annotation names the pool of an address.
- apiGroups: [""]
  resources: [services]
  verbs: [patch]
{{- end }}
{{- if include "weir.hasAwselb" . }}
- apiGroups: [elbv2.k8s.aws]
  resources: [targetgroupbindings/status]
  verbs: [patch]
{{- if dig "status" "finalizers" true .Values.settings }}
# Finalizers, which stand in the objects themselves.
- apiGroups: [""]
  resources: [services]
  verbs: [patch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [patch]
- apiGroups: [elbv2.k8s.aws]
  resources: [targetgroupbindings]
  verbs: [patch]
{{- end }}
{{- end }}
{{- if include "weir.writesPods" . }}
# Readiness gates.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
{{- end }}
{{- if dig "status" "events" true .Values.settings }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, get, patch]
{{- end }}
{{- end }}
{{- end -}}

{{/* Where pools stand. */}}
{{- define "weir.rulesOfPools" -}}
- apiGroups: [metallb.io]
  resources: [ipaddresspools, l2advertisements, bgpadvertisements, bgppeers, bfdprofiles, communities]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [config]
  verbs: [list, watch]
{{- if include "weir.writesStatus" . }}
# How full a pool is.
- apiGroups: [metallb.io]
  resources: [ipaddresspools/status]
  verbs: [patch]
{{- end }}
{{- if and (include "weir.announces" .) (include "weir.writesStatus" .) }}
# Who answers for which Service.
- apiGroups: [metallb.io]
  resources: [servicel2statuses]
  verbs: [list, watch, create, delete]
- apiGroups: [metallb.io]
  resources: [servicel2statuses/status]
  verbs: [patch]
{{- end }}
{{- end -}}

{{/* Of the whole cluster. */}}
{{- define "weir.rulesOfCluster" -}}
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [list, watch]
{{- if or (include "weir.writesPods" .) (include "weir.takesPools" .) }}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
{{- if include "weir.takesPools" . }}
{{ include "weir.rulesOfPools" . }}
{{- end }}
{{- if include "weir.hasAwselb" . }}
- apiGroups: [elbv2.k8s.aws]
  resources: [ingressclassparams]
  verbs: [list, watch]
{{- end }}
{{- end -}}

{{- define "weir.subject" -}}
{{- if .Values.rbac.subjects -}}
{{- toYaml .Values.rbac.subjects -}}
{{- else -}}
- kind: ServiceAccount
  name: {{ include "weir.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
{{- end -}}

{{/* Leases of what several weirs could write, in the namespace of the Pod. A name cannot be said of what is not there yet. */}}
{{- define "weir.rulesOfLeases" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, patch]
{{- end -}}
