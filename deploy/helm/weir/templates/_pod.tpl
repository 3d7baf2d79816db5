{{/* The template of a Pod, the same for Deployment and DaemonSet. */}}
{{- define "weir.pod" -}}
{{- $proxied := include "weir.proxied" . -}}
{{- $onHost := include "weir.onHost" . -}}
{{- $announces := include "weir.announces" . -}}
metadata:
  labels:
    {{- include "weir.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: weir
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "weir.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- if $onHost }}
  hostNetwork: true
  dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ ternary (add .Values.drainSeconds .Values.finishSeconds 10) 30 (eq $proxied "true") }}
  securityContext:
    {{- if $announces }}
    # What changes the network of the node is root's, and the state on the node; it has none of root's capabilities but those that it needs.
    runAsUser: 0
    runAsGroup: 0
    {{- else }}
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    {{- end }}
    seccompProfile: { type: RuntimeDefault }
    {{- if eq .Values.mode "proxy-deployment" }}
    # Ports below 1024 without a capability, in the network of this Pod.
    sysctls: [{ name: net.ipv4.ip_unprivileged_port_start, value: "0" }]
    {{- end }}
  containers:
    {{- if $proxied }}
    {{- include "weir.proxyContainer" . | nindent 4 }}
    {{- end }}
    {{- include "weir.container" . | nindent 4 }}
  volumes:
    - name: config
      configMap: { name: {{ include "weir.fullname" . }} }
    - name: state
      {{- if and $announces (hasKey .Values.stateVolume "emptyDir") }}
      hostPath: { path: /var/lib/{{ include "weir.fullname" . }}, type: DirectoryOrCreate }
      {{- else }}
      {{- toYaml .Values.stateVolume | nindent 6 }}
      {{- end }}
    {{- if $announces }}
    - name: announce
      secret: { secretName: {{ include "weir.secretName" . }}, defaultMode: 256 }
    {{- end }}
    # For weir alone: the proxy cannot ask the API server.
    - name: token
      projected:
        # 0440 in octal, which not every reader of YAML knows.
        defaultMode: 288
        sources:
          - serviceAccountToken: { path: token, expirationSeconds: 3607 }
          - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
          - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
    {{- if $proxied }}
    - name: haproxy
      emptyDir: { medium: Memory, sizeLimit: {{ .Values.proxy.directorySize }} }
    {{- end }}
    {{- with .Values.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  nodeSelector:
    kubernetes.io/os: linux
    {{- with .Values.nodeSelector }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity: {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if not $onHost }}
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels: {{- include "weir.selector" . | nindent 16 }}
  {{- end }}
{{- end -}}

{{- define "weir.container" -}}
- name: weir
  image: {{ include "weir.image" (dict "root" . "image" .Values.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  # It tries ports itself before HAProxy is asked to listen on them.
  command: [{{ include "weir.lowPorts" . }}weir]
  args: [run, --config, /etc/weir/weir.yaml]
  {{- if or .Values.env (include "weir.announces" .) }}
  env:
    {{- if include "weir.announces" . }}
    # As the API server calls the node, and who else is on one.
    - { name: WEIR_INSTANCE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
    - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
    - { name: POD_UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
    {{- end }}
    {{- with .Values.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with .Values.envFrom }}
  envFrom: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - { name: metrics, containerPort: {{ .Values.listen.metricsPort }} }
    {{- if include "weir.announces" . }}
    - { name: beats, containerPort: {{ .Values.announce.port }}, protocol: UDP }
    {{- end }}
  startupProbe:
    httpGet: { path: /healthz, port: metrics }
    periodSeconds: 2
    failureThreshold: 60
  livenessProbe:
    httpGet: { path: /healthz, port: metrics }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: metrics }
    periodSeconds: 2
    timeoutSeconds: 2
    failureThreshold: 3
  resources: {{- toYaml .Values.resources | nindent 4 }}
  securityContext: {{- include (ternary "weir.announcerSecurity" "weir.containerSecurity" (eq (include "weir.announces" .) "true")) . | nindent 4 }}
  volumeMounts:
    - { name: config, mountPath: /etc/weir, readOnly: true }
    - { name: state, mountPath: /var/lib/weir }
    - { name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
    {{- if include "weir.announces" . }}
    - { name: announce, mountPath: /etc/weir-announce, readOnly: true }
    {{- end }}
    {{- if include "weir.proxied" . }}
    - { name: haproxy, mountPath: /run/weir/haproxy }
    {{- end }}
    {{- with .Values.volumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "weir.proxyContainer" -}}
- name: haproxy
  image: {{ include "weir.image" (dict "root" . "image" .Values.proxy.image) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  # weir writes the file; without it HAProxy would end, and wait for the kubelet's back-off.
  command: [{{ include "weir.lowPorts" . }}/bin/sh, -c]
  args:
    - |
      trap 'exit 0' TERM USR1
      until [ -s /run/weir/haproxy/haproxy.cfg ]; do sleep 0.2; done
      exec haproxy -W -f /run/weir/haproxy/haproxy.cfg -S /run/weir/haproxy/master.sock,mode,600
  lifecycle:
    # weir drains meanwhile; then the image's stop signal, SIGUSR1, lets HAProxy finish what it has.
    preStop: { exec: { command: [sleep, "{{ add .Values.drainSeconds 2 }}"] } }
  # HAProxy answers this itself: the Pod gets no connection while it is not there, whatever weir knows.
  readinessProbe:
    httpGet: { path: /, port: {{ .Values.listen.proxyPort }} }
    periodSeconds: 1
    timeoutSeconds: 2
    failureThreshold: 2
  {{- if eq .Values.mode "proxy-deployment" }}
  ports:
    {{- range .Values.service.ports }}
    - { name: {{ .name }}, containerPort: {{ .port }} }
    {{- end }}
  {{- end }}
  resources: {{- toYaml .Values.proxy.resources | nindent 4 }}
  securityContext: {{- include "weir.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - { name: haproxy, mountPath: /run/weir/haproxy }
{{- end -}}

{{/*
On the host's network no sysctl of the Pod helps: `low-ports` of the images hands on the one capability for ports below 1024. It has to be
the first program, or what the container may have is lost before.
*/}}
{{- define "weir.lowPorts" -}}
{{- if and (eq .Values.mode "daemonset") (not (include "weir.announces" .)) }}low-ports, --inh-caps=+net_bind_service, --ambient-caps=+net_bind_service, {{ end -}}
{{- end -}}

{{- define "weir.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  {{- if eq .Values.mode "daemonset" }}
  add: [NET_BIND_SERVICE]
  {{- end }}
{{- end -}}

{{/* Tables of nft, routes and rules; raw packets; a thread that comes before others; ports below 1024 where HAProxy's are tried. */}}
{{- define "weir.announcerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  add: [NET_ADMIN, NET_RAW, SYS_NICE{{ if include "weir.proxied" . }}, NET_BIND_SERVICE{{ end }}]
{{- end -}}
