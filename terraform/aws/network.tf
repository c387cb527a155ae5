resource "aws_vpc" "cluster" {
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = "${var.cluster_name}-vpc" }
}

resource "aws_internet_gateway" "cluster" {
  vpc_id = aws_vpc.cluster.id

  tags = { Name = "${var.cluster_name}-igw" }
}

# Two zones: load balancers want no less.
resource "aws_subnet" "public" {
  count = 2

  vpc_id                  = aws_vpc.cluster.id
  cidr_block              = cidrsubnet(var.vpc_cidr, 8, count.index)
  availability_zone       = local.zones[count.index]
  map_public_ip_on_launch = true

  tags = {
    Name                     = count.index == 0 ? "${var.cluster_name}-subnet" : "${var.cluster_name}-subnet-${count.index + 1}"
    "kubernetes.io/role/elb" = "1"
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.cluster.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.cluster.id
  }

  tags = { Name = "${var.cluster_name}-routes" }
}

resource "aws_route_table_association" "public" {
  count = 2

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# The API server's address stays when the machine is stopped.
resource "aws_eip" "control_plane" {
  domain   = "vpc"
  instance = aws_instance.machine["${var.cluster_name}-master"].id

  tags = { Name = "${var.cluster_name}-api" }
}

resource "aws_security_group" "nodes" {
  name        = "${var.cluster_name}-kubeadm-sg"
  description = "Nodes of ${var.cluster_name}"
  vpc_id      = aws_vpc.cluster.id

  tags = { Name = "${var.cluster_name}-kubeadm-sg" }
}

# Nodes among themselves: etcd, kubelets, VXLAN, NodePorts.
resource "aws_vpc_security_group_ingress_rule" "nodes" {
  security_group_id            = aws_security_group.nodes.id
  referenced_security_group_id = aws_security_group.nodes.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = toset(var.allowed_ssh_cidrs)

  security_group_id = aws_security_group.nodes.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "api" {
  for_each = toset(var.allowed_ssh_cidrs)

  security_group_id = aws_security_group.nodes.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 6443
  to_port           = 6443
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.nodes.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
