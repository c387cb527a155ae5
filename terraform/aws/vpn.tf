# On request: into the machines' network without public addresses.
locals {
  vpn = var.client_vpn_certificate_arn == null ? 0 : 1
}

resource "aws_ec2_client_vpn_endpoint" "cluster" {
  count = local.vpn

  description            = "Clients of ${var.cluster_name}"
  client_cidr_block      = var.client_vpn_cidr
  server_certificate_arn = var.client_vpn_certificate_arn
  vpc_id                 = aws_vpc.cluster.id
  security_group_ids     = [aws_security_group.nodes.id]
  split_tunnel           = true

  authentication_options {
    type                       = "certificate-authentication"
    root_certificate_chain_arn = var.client_vpn_certificate_arn
  }

  connection_log_options {
    enabled = false
  }

  tags = { Name = "${var.cluster_name}-vpn" }
}

resource "aws_ec2_client_vpn_network_association" "cluster" {
  count = local.vpn

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.cluster[0].id
  subnet_id              = aws_subnet.public[0].id
}

resource "aws_ec2_client_vpn_authorization_rule" "machines" {
  count = local.vpn

  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.cluster[0].id
  target_network_cidr    = var.vpc_cidr
  authorize_all_groups   = true
}
