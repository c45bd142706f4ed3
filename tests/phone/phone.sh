#!/bin/sh
# An emulated ARM64 phone: a real adbd over a root file system of its own, in which ARM64 programs run under qemu.
# usage: unshare --user --map-root-user --net --mount --pid --fork --kill-child phone.sh FETCHED WORK
#   FETCHED  what fetch.sh made
#   WORK     an empty folder; `WORK/ready` appears when adbd listens on 127.0.0.1:5599 of the network namespace
#
# adbd asks nobody who they are and listens everywhere, hence the network namespace. There is no Android behind it:
# getprop, dumpsys, pm and am are shell scripts that answer what a phone would, from the files in /data/props; sensors
# and clocks are files as well.
set -eu
fetched=$1 work=$2 here=$(cd "$(dirname "$0")" && pwd)
root=$work/root

mount --make-rprivate /
mkdir -p "$root"
mount -t tmpfs -o size=4m none "$root"
for name in bin dev etc lib lib32 lib64 proc sbin sys usr; do
    [ -e "/$name" ] || continue
    if [ -L "/$name" ]; then
        cp -P "/$name" "$root/"
    else
        mkdir "$root/$name" && mount --rbind "/$name" "$root/$name"
    fi
done
mount -t proc none "$root/proc" 2>/dev/null || true
mkdir -p "$root/data" "$root/tmp" "$root/opt" "$root/sdcard"
mount -t tmpfs -o size=128m none "$root/data"
mount --bind "$fetched/root" "$root/opt"
mkdir -p "$root/data/local/tmp" "$root/data/props" "$root/data/sdcard"
mount --bind "$root/data/sdcard" "$root/sdcard"
mount -t tmpfs -o size=1m none "$root/usr/local/bin"

# The kernel hands ARM64 programs to qemu, here and nowhere else: binfmt_misc belongs to the user namespace.
mount -t binfmt_misc none "$root/proc/sys/fs/binfmt_misc"
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":phone:M::$magic:$mask:$root/opt/usr/bin/qemu-aarch64:F" > "$root/proc/sys/fs/binfmt_misc/register"

cd "$root/data/props"
printf arm64-v8a > ro.product.cpu.abi
printf edgeisp > ro.product.manufacturer
printf 'emulated phone' > ro.product.model
printf 0 > thermal
cat /proc/sys/kernel/random/boot_id > boot
mount --bind boot "$root/proc/sys/kernel/random/boot_id"
printf '#!/bin/sh\ncat "/data/props/$1" 2>/dev/null\n' > "$root/usr/local/bin/getprop"
printf '#!/bin/sh\necho "Thermal Status: $(cat /data/props/thermal)"\n' > "$root/usr/local/bin/dumpsys"
cp "$here/am" "$here/pm" "$root/usr/local/bin/"
chmod +x "$root/usr/local/bin"/*

# Sensors and clocks, in place of the host's own; the runtimes look for processors in the same folder.
cpus=$root/sys/devices/system/cpu
mkdir "$root/data/cpus" "$root/data/thermal" "$root/data/thermal/thermal_zone0"
for file in possible present online kernel_max; do cat "$cpus/$file" > "$root/data/cpus/$file"; done
for cpu in "$cpus"/cpu[0-9]*; do
    mkdir -p "$root/data/cpus/${cpu##*/}/cpufreq"
    cp -r "$cpu/topology" "$root/data/cpus/${cpu##*/}/"
    for name in scaling_cur_freq scaling_max_freq cpuinfo_max_freq; do
        echo 2800000 > "$root/data/cpus/${cpu##*/}/cpufreq/$name"
    done
done
echo 31500 > "$root/data/thermal/thermal_zone0/temp"
mount --bind "$root/data/cpus" "$cpus"
mount --bind "$root/data/thermal" "$root/sys/class/thermal" || echo 'no thermal sensors' >&2

ip link set lo up
libs=/opt/usr/lib/x86_64-linux-gnu
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin QEMU_CPU=cortex-a76 ADBD_PORT=5599 HOME=/data TMPDIR=/data
: > "$work/ready"
while :; do # a phone that drops off comes back
    chroot "$root" "$libs/ld-linux-x86-64.so.2" --library-path "$libs:$libs/android" \
        /opt/usr/lib/android-sdk/platform-tools/adbd || true
    sleep 1
done
