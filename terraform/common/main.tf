locals {
  settings = {
    cluster_name       = var.cluster_name
    cloud              = var.cloud
    region             = var.region
    account            = var.account
    network_id         = var.network_id
    ssh_user           = var.ssh_user
    ssh_key            = var.ssh_private_key_path
    master             = var.control_plane.name
    master_private_ip  = var.control_plane.private_ip
    master_public_ip   = var.control_plane.public_ip
    workers            = join(" ", var.workers[*].name)
    worker_private_ips = join(" ", var.workers[*].private_ip)
    worker_public_ips  = join(" ", var.workers[*].public_ip)
    kubernetes_version = var.kubernetes_version == null ? "" : var.kubernetes_version
    registry           = var.registry
    outputs_folder     = abspath(path.root)
  }

  # What `kubectl clouder cluster import` reads.
  cluster = {
    format             = 1
    name               = var.cluster_name
    cloud              = var.cloud
    region             = var.region
    account            = var.account
    network_id         = var.network_id
    kubernetes_version = var.kubernetes_version
    ssh_user           = var.ssh_user
    ssh_port           = 22
    ssh_key            = var.ssh_private_key_path
    control_plane      = var.control_plane
    workers            = var.workers
    registry           = var.registry
  }
}

resource "local_file" "environment" {
  filename        = "${var.generated_folder}/kubeadm-cluster.env"
  content         = templatefile("${path.module}/templates/kubeadm-cluster.env.tftpl", local.settings)
  file_permission = "0600"
}

resource "local_file" "setup" {
  filename        = "${var.generated_folder}/clouder-kubeadm-setup.sh"
  content         = templatefile("${path.module}/templates/clouder-kubeadm-setup.sh.tftpl", local.settings)
  file_permission = "0700"
}

resource "local_file" "deploy" {
  filename        = "${var.generated_folder}/deploy-clouder.sh"
  content         = templatefile("${path.module}/templates/deploy-clouder.sh.tftpl", local.settings)
  file_permission = "0700"
}
