{{/* Without dots, which the name of a Service cannot have. */}}
{{- define "weir.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- $name = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- $name = .Release.Name -}}
{{- else -}}
{{- $name = printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Names of objects of the whole cluster: two releases of one name in two namespaces do not meet. */}}
{{- define "weir.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "weir.fullname" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "weir.className" -}}
{{- default (include "weir.fullname" .) .Values.classes.name -}}
{{- end -}}

{{- define "weir.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "weir.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "weir.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "weir.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "weir.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* registry/repository:tag or registry/repository@digest; takes (dict "root" $ "image" …). */}}
{{- define "weir.image" -}}
{{- $own := .image -}}
{{- $shared := .root.Values.image -}}
{{- $name := $own.repository -}}
{{- if $shared.registry -}}
{{- $name = printf "%s/%s" (trimSuffix "/" $shared.registry) $name -}}
{{- end -}}
{{- if $own.digest -}}
{{- printf "%s@%s" $name $own.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (coalesce $own.tag $shared.tag .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "weir.proxied" -}}
{{- if has .Values.mode (list "proxy-deployment" "daemonset") -}}true{{- end -}}
{{- end -}}

{{/* On the network of the node, once on each. */}}
{{- define "weir.onHost" -}}
{{- if has .Values.mode (list "announcer" "daemonset") -}}true{{- end -}}
{{- end -}}

{{/* Addresses are announced by the Pods. */}}
{{- define "weir.announces" -}}
{{- if eq .Values.mode "announcer" -}}true{{- else if .Values.announce.enabled -}}
{{- if ne .Values.mode "daemonset" -}}
{{- fail "announce is for modes announcer and daemonset: Pods of a Deployment are not on the network of the nodes" -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{- define "weir.secretName" -}}
{{- default (printf "%s-announce" (include "weir.fullname" .)) .Values.announce.secretName -}}
{{- end -}}

{{/* Whether a balancer of this provider is configured: its own kinds of objects are read then. */}}
{{- define "weir.hasAwselb" -}}
{{- range .Values.balancers -}}{{- if eq .provider "awselb" -}}true{{- end -}}{{- end -}}
{{- end -}}

{{/* A balancer gives services addresses out of pools. */}}
{{- define "weir.takesPools" -}}
{{- if or .Values.fromPools (include "weir.announces" .) -}}true{{- else -}}
{{- range .Values.balancers -}}{{- if .fromPools -}}true{{- end -}}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "weir.writesStatus" -}}
{{- if dig "status" "enabled" true .Values.settings -}}true{{- end -}}
{{- end -}}

{{- define "weir.writesPods" -}}
{{- if and (include "weir.writesStatus" .) (dig "status" "podReadiness" false .Values.settings) -}}true{{- end -}}
{{- end -}}

{{/* One of the Pods writes what all reach: a system of a balancer, the status of objects. */}}
{{- define "weir.leads" -}}
{{- if dig "leader" "enabled" true .Values.settings -}}
{{- or (include "weir.hasAwselb" .) (include "weir.writesStatus" .) (include "weir.announces" .) -}}
{{- end -}}
{{- end -}}
