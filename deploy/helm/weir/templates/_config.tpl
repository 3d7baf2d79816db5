{{/* weir.yaml: what the chart knows, and over it what `settings` says. */}}
{{- define "weir.config" -}}
{{- include "weir.checkPorts" . -}}
{{- include "weir.checkService" . -}}
{{- $class := include "weir.className" . -}}
{{- $ours := printf "weir-lb.dev/%s" $class -}}
{{- $source := dict "type" "kubernetes" "controller" $ours "withoutClass" .Values.classes.withoutClass -}}
{{- if .Values.classes.exclusive -}}
{{- $_ := set $source "classes" (concat (list $class $ours) .Values.classes.also | uniq) -}}
{{- else if .Values.classes.also -}}
{{- fail "classes.also is for classes.exclusive: true: without it name the class at a balancer (balancers[].class)" -}}
{{- end -}}
{{- if .Values.namespaces -}}
{{- $_ := set $source "namespaces" .Values.namespaces -}}
{{- end -}}
{{- if and .Values.namespaces (include "weir.writesPods" .) -}}
{{- fail "settings.status.podReadiness follows the labels of all namespaces: leave `namespaces` empty, or it out" -}}
{{- end -}}
{{- $balancers := .Values.balancers -}}
{{- if include "weir.proxied" . -}}
{{- $monitor := dict "address" .Values.listen.address "port" .Values.listen.proxyPort -}}
{{- $options := mustMergeOverwrite (dict "mode" "attached" "dir" "/run/weir/haproxy" "monitor" $monitor) (deepCopy .Values.haproxy) -}}
{{- $edge := dict "name" "edge" "provider" "haproxy" "options" $options -}}
{{- $fromPools := or .Values.fromPools (eq (include "weir.announces" .) "true") -}}
{{- if $fromPools -}}
{{- if omit .Values.publish "ipMode" -}}
{{- fail "publish cannot stand beside fromPools or announce: Services are told the addresses that pools give them; keep one of both" -}}
{{- end -}}
{{- $_ := set $edge "fromPools" true -}}
{{- end -}}
{{- if include "weir.announces" . -}}
{{- $_ := set $edge "shared" true -}}
{{- end -}}
{{- $publish := ternary .Values.publish (fromYaml (include "weir.publish" .)) $fromPools -}}
{{- if $publish -}}
{{- $_ := set $edge "publish" $publish -}}
{{- end -}}
{{- $balancers = prepend $balancers $edge -}}
{{- else if and (eq .Values.mode "controller") (not $balancers) -}}
{{- fail "mode controller needs balancers, e.g. --set-json 'balancers=[{\"name\": \"aws\", \"provider\": \"awselb\", \"options\": {\"clusterName\": \"east\"}}]'" -}}
{{- end -}}
{{- if include "weir.announces" . -}}
{{- if .Values.namespaces -}}
{{- fail "who announces reads Nodes and their labels, which belong to no namespace: leave `namespaces` empty" -}}
{{- end -}}
{{- $_ := set $source "announcers" (dict "namespace" .Release.Namespace "name" (printf "%s-peers" (include "weir.fullname" .))) -}}
{{- $options := mustMergeOverwrite (dict "port" (int .Values.announce.port) "secretFile" "/etc/weir-announce/secret") (deepCopy .Values.announce.options) -}}
{{- $vip := dict "name" "vip" "provider" "l2" "fromPools" true "options" $options -}}
{{- if include "weir.proxied" . -}}
{{- $_ := set $vip "shared" true -}}
{{- end -}}
{{- $balancers = prepend $balancers $vip -}}
{{- end -}}
{{- include "weir.checkBalancers" $balancers -}}
{{- $host := ternary (printf "[%s]" .Values.listen.address) .Values.listen.address (contains ":" .Values.listen.address) -}}
{{- $known := dict
  "stateDir" "/var/lib/weir"
  "sources" (prepend .Values.extraSources (mustMergeOverwrite $source (deepCopy .Values.source)))
  "balancers" $balancers
  "drain" (ternary (printf "%ds" (int .Values.drainSeconds)) "0s" (eq (include "weir.proxied" .) "true"))
  "metrics" (dict "listen" (printf "%s:%d" $host (int .Values.listen.metricsPort)))
  "api" (dict "listen" (printf "127.0.0.1:%d" (int .Values.listen.apiPort)))
  "log" (dict "format" "json")
  "leader" (dict "name" (include "weir.fullname" .))
-}}
{{- mustMergeOverwrite $known (deepCopy .Values.settings) | toYaml -}}
{{- end -}}

{{/* Where clients reach the HAProxy of the Pods, as far as the chart knows. */}}
{{- define "weir.publish" -}}
{{- if .Values.publish -}}
{{- toYaml .Values.publish -}}
{{- else if eq .Values.mode "proxy-deployment" -}}
{{- if or (not .Values.namespaces) (has .Release.Namespace .Values.namespaces) -}}
service: {{ .Release.Namespace }}/{{ include "weir.fullname" . }}
{{- end -}}
{{- else if and (not .Values.nodeSelector) (not .Values.haproxy.addresses) -}}
nodes: internal
{{- end -}}
{{- end -}}

{{/* Fails when two of a Pod, which all listen in one network, would have the same port. */}}
{{- define "weir.checkPorts" -}}
{{- $ports := list (list "listen.metricsPort" .Values.listen.metricsPort) (list "listen.apiPort" .Values.listen.apiPort) -}}
{{- if include "weir.proxied" . -}}
{{- $ports = append $ports (list "listen.proxyPort" .Values.listen.proxyPort) -}}
{{- end -}}
{{- if eq .Values.mode "proxy-deployment" -}}
{{- range $i, $port := .Values.service.ports -}}
{{- $ports = append $ports (list (printf "service.ports[%d].port" $i) $port.port) -}}
{{- end -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $ports -}}
{{- $port := int (index . 1) | toString -}}
{{- if hasKey $seen $port -}}
{{- fail (printf "%s and %s are both %s: choose another port for one of them" (get $seen $port) (index . 0) $port) -}}
{{- end -}}
{{- $_ := set $seen $port (index . 0) -}}
{{- end -}}
{{- end -}}

{{/* Fails when `service` says something where there is none: HAProxy listens on the nodes, or there is no HAProxy. */}}
{{- define "weir.checkService" -}}
{{- $usual := dict "type" "LoadBalancer" "annotations" dict "loadBalancerClass" "" "externalTrafficPolicy" "Local" "ports" (list (dict "name" "http" "port" 80) (dict "name" "https" "port" 443)) -}}
{{- if and (ne .Values.mode "proxy-deployment") (ne (toJson .Values.service) (toJson $usual)) -}}
{{- fail (printf "service is for mode proxy-deployment: in mode %s there is no Service in front of weir; leave `service` out" .Values.mode) -}}
{{- end -}}
{{- end -}}

{{/* Fails when two balancers have one name, or one is said to be at several kinds of places; takes all of them. */}}
{{- define "weir.checkBalancers" -}}
{{- $seen := dict -}}
{{- range . -}}
{{- $name := .name | default "default" -}}
{{- if hasKey $seen $name -}}
{{- fail (printf "two balancers are called %s (edge is the HAProxy of the Pod): give each a name of its own" $name) -}}
{{- end -}}
{{- $_ := set $seen $name true -}}
{{- if gt (len (omit (default dict .publish) "ipMode")) 1 -}}
{{- fail (printf "publish of %s must name one of addresses, hostname, nodes and service" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
