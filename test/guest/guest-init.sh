# The first process of the guest, run by busybox: loads the modules of $guest, shows the machine's files below what is written here, runs
# $job/command in that view and leaves its exit code in $job/code. Without this the guest ends, too: by its time limit.
# Comes as the kernel's arguments: job, guest (folders), writable (a folder, or `none`), limit (seconds).
b=$job/busybox
end() { $b echo "$*" >> $job/trouble; $b poweroff -f; }
$b mount -t hostfs -o $job none $job || $b poweroff -f
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t tmpfs -o size=75%,mode=755 top /mnt
# In a process of its own, which ends the guest when nobody else does.
{ $b sleep $limit; $b poweroff -f; } &
while read module; do $b insmod $guest/modules/$module || $b echo "the module $module cannot be loaded" >> $job/trouble; done < $guest/load
$b mkdir /mnt/up /mnt/work /mnt/root
root=/mnt/root
$b mount -t overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work all $root || end 'there is no overlay'
$b mount -t proc proc $root/proc
$b mount -t sysfs sys $root/sys
$b mount -t devtmpfs dev $root/dev
$b mount -t tmpfs -o mode=755 run $root/run
$b mkdir -p $root/dev/pts $root/dev/shm
$b mount -t devpts devpts $root/dev/pts
$b mount -t tmpfs shm $root/dev/shm
for folder in $job $writable; do
  [ $folder = none ] || $b mount -t hostfs -o $folder none $root$folder || end "$folder is not there"
done
for line in 1 2; do $b stty -F $root/dev/tty$line raw -echo; done
$b ip link set lo up
$b chroot $root $b sh $job/command > $root/dev/tty1 2> $root/dev/tty2 < /dev/null
$b echo $? > $job/code
$b sync
$b poweroff -f
