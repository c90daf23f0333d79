# lambdakit package examples/s3_thumbnail/app.py:handler --python 3.13 --arch arm64 -o examples/deploy/terraform/zip/thumbnail.zip
# terraform -chdir=examples/deploy/terraform/zip apply -var role_arn=ARN

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "role_arn" {
  type        = string
  description = "The function's execution role"
}

resource "aws_lambda_function" "thumbnail" {
  function_name    = "thumbnail"
  role             = var.role_arn
  filename         = "${path.module}/thumbnail.zip"
  source_code_hash = filebase64sha256("${path.module}/thumbnail.zip")
  handler          = "app.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  memory_size      = 512
  timeout          = 30

  environment {
    variables = {
      PHOTO_STORE = "s3"
    }
  }
}
