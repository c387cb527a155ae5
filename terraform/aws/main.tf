locals {
  tags = {
    "clouder-cluster"                           = var.cluster_name
    "datalayer.io/cluster"                      = var.cluster_name
    "datalayer.io/component"                    = "kubeadm"
    "kubernetes.io/cluster/${var.cluster_name}" = "owned"
  }

  zones = slice(data.aws_availability_zones.usable.names, 0, 2)

  machines = merge(
    { "${var.cluster_name}-master" = { role = "control-plane", size = var.control_plane_size, zone = 0 } },
    {
      for number in range(1, var.worker_count + 1) :
      "${var.cluster_name}-node-${number}" => { role = "worker", size = var.worker_size, zone = (number - 1) % 2 }
    },
  )

  worker_names = [for number in range(1, var.worker_count + 1) : "${var.cluster_name}-node-${number}"]
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_availability_zones" "usable" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# Ubuntu 22.04, newest of its publisher; machines that are there keep theirs.
data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"]

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-amd64-server-*"]
  }
}

resource "aws_key_pair" "cluster" {
  key_name   = "${var.cluster_name}-key"
  public_key = file(pathexpand(var.ssh_public_key_path))
}

resource "aws_instance" "machine" {
  for_each = local.machines

  ami                         = data.aws_ami.ubuntu.id
  instance_type               = each.value.size
  subnet_id                   = aws_subnet.public[each.value.zone].id
  vpc_security_group_ids      = [aws_security_group.nodes.id]
  key_name                    = aws_key_pair.cluster.key_name
  iam_instance_profile        = aws_iam_instance_profile.machine[each.value.role].name
  associate_public_ip_address = true

  # Pods' addresses are not the machine's.
  source_dest_check = false

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # Pods reach the metadata on the control plane only, where controllers run.
    http_put_response_hop_limit = each.value.role == "control-plane" ? 2 : 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk_gb
    encrypted   = true
    tags        = merge(local.tags, { Name = each.key, "clouder-role" = each.value.role })
  }

  tags = {
    Name                = each.key
    "clouder-role"      = each.value.role
    "datalayer.io/role" = each.value.role
  }

  lifecycle {
    ignore_changes = [ami]
  }
}

module "cluster" {
  source = "../common"

  cluster_name         = var.cluster_name
  cloud                = "aws"
  region               = var.region
  account              = data.aws_caller_identity.current.account_id
  network_id           = aws_vpc.cluster.id
  ssh_user             = "ubuntu"
  ssh_private_key_path = var.ssh_private_key_path
  kubernetes_version   = var.kubernetes_version
  registry             = length(var.registry_repositories) == 0 ? "" : split("/", values(aws_ecr_repository.own)[0].repository_url)[0]
  generated_folder     = abspath("${path.root}/../generated")

  control_plane = {
    name       = "${var.cluster_name}-master"
    private_ip = aws_instance.machine["${var.cluster_name}-master"].private_ip
    public_ip  = aws_eip.control_plane.public_ip
    size       = var.control_plane_size
  }

  workers = [
    for name in local.worker_names : {
      name       = name
      private_ip = aws_instance.machine[name].private_ip
      public_ip  = aws_instance.machine[name].public_ip
      size       = var.worker_size
    }
  ]
}
