#!/bin/sh
# Starts podman instead of Docker, with an image made of Debian packages, so that `sam local` needs no image registry.
# Requires root on Debian. All files except the packages podman and runc are below target/sam-local.
#
#   tests/sam-local/podman.sh start   starts podman and prints its DOCKER_HOST
#   tests/sam-local/podman.sh stop    removes the containers, the image and the folder
set -eu

folder=$(cd "$(dirname "$0")/../.." && pwd)/target/sam-local
socket=$folder/podman.sock
pid_file=$folder/service.pid
export CONTAINERS_CONF="$folder/containers.conf"

# Runs podman with its own storage, so that other images and containers of the machine are not affected.
own_podman() {
    podman --root "$folder/storage" --runroot "$folder/run" "$@"
}

install_packages() {
    if ! command -v podman >/dev/null || ! command -v runc >/dev/null; then
        echo "installing podman and runc" >&2
        apt-get update --quiet >&2
        apt-get install --yes --quiet --no-install-recommends podman runc >&2
    fi
}

# Containers get the limits of Lambda. Without `default_ulimits`, podman requests limits that the machine may not allow.
write_settings() {
    mkdir -p "$folder"
    cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"

[engine]
events_logger = "file"
runtime = "runc"
END
}

# Imports a root file system with glibc and busybox. `sam local` adds AWS's emulator and mounts the function.
import_image() {
    case $(uname -m) in
    x86_64) image=public.ecr.aws/lambda/provided:al2023-x86_64 ;;
    aarch64) image=public.ecr.aws/lambda/provided:al2023-arm64 ;;
    *) echo "error: Lambda does not support the architecture $(uname -m)" >&2 && exit 1 ;;
    esac
    if own_podman image exists "$image"; then
        return
    fi
    echo "creating $image from Debian packages" >&2
    root=$folder/root
    packages=$folder/packages
    rm -rf "$root" "$packages"
    mkdir -p "$packages" "$root/tmp" "$root/opt" "$root/var/task" "$root/var/runtime" "$root/var/rapid"
    chmod 1777 "$root/tmp"
    for name in bin sbin lib lib64; do
        mkdir -p "$root/usr/$name"
        ln -s "usr/$name" "$root/$name"
    done
    (cd "$packages" && apt-get download --quiet --option APT::Sandbox::User=root busybox-static libc6 libgcc-s1 >&2)
    for package in "$packages"/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink --directory "$root"
    done
    chroot "$root" /bin/busybox --install -s /bin
    tar --create --directory "$root" . | own_podman import --quiet - "$image" >&2
    rm -rf "$root" "$packages"
}

is_running() {
    [ -e "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

start_service() {
    if is_running; then
        return
    fi
    rm -f "$socket"
    setsid podman --root "$folder/storage" --runroot "$folder/run" system service --time 0 "unix://$socket" \
        >"$folder/service.log" 2>&1 </dev/null &
    echo $! >"$pid_file"
    until [ -S "$socket" ]; do
        if ! is_running; then
            cat "$folder/service.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

stop() {
    if ! [ -e "$CONTAINERS_CONF" ]; then
        return
    fi
    own_podman rm --all --force --time 0 >/dev/null
    own_podman rmi --all --force >/dev/null
    if is_running; then
        kill "$(cat "$pid_file")"
    fi
    # Unmounts the storage, because podman leaves it mounted.
    umount "$folder/storage/overlay" 2>/dev/null || true
    rm -rf "$folder"
}

case ${1-} in
start)
    install_packages
    write_settings
    import_image
    start_service
    echo "DOCKER_HOST=unix://$socket"
    ;;
stop) stop ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
